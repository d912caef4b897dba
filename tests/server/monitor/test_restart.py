"""What a restart brings back of drift."""

import time
from pathlib import Path

import pytest

from boxgauge.v1 import monitor_pb2
from tests.server.calls import predictions
from tests.server.conftest import Serve

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    "kind", [monitor_pb2.TALLY_KIND_EXACT, monitor_pb2.TALLY_KIND_SKETCH], ids=["exact", "sketch"]
)
async def test_drift_has_the_same_reference_after_a_restart(
    serve: Serve, tmp_path: Path, kind: monitor_pb2.TallyKind
) -> None:
    now, journal = time.time_ns() // 1000, tmp_path / "journal"
    # The reference has the first images that came, whose ids are the last ones.
    first, later = range(1000, 1200), range(500)
    async with serve(journal=journal) as (_, calls):
        await calls.create(asked=monitor_pb2.MonitorSettings(tally=kind))
        for ids, low, time_us in ((first, 0.5, now - 5 * HOUR), (later, 0.1, now)):
            sides = {k: [(1, 0, 0, 5, 5, low + k % 7 / 16)] for k in ids}
            await calls.observe(predictions(sides, times_us=dict.fromkeys(ids, time_us)))
        before = (await calls.report()).drift
    async with serve(journal=journal) as (_, calls):
        after = (await calls.report()).drift
    assert (before.reference_images, before.current_images) == (200, 500)
    assert any(each.drifted for each in before.features)
    assert after == before
