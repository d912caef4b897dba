"""From matched images through a store to what its windows say: the images' own values."""

from dataclasses import astuple, replace

import pytest

from boxgauge.engine import Engine, EvaluationSettings, ExactTally
from boxgauge.engine.online.comparing import paired
from boxgauge.engine.online.exact_store import ExactStore
from boxgauge.engine.online.quality_of_window import quality
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import HOUR_US, Ring, Window
from tests.engine.online.streams import draw_stream, select
from tests.engine.sides import CLASSES

SETTINGS = EvaluationSettings(max_detections=(1, 4, 10))
RING = Ring(minutes=10, hours=2, days=1)
LOSSES = ("ciou_loss",)


@pytest.mark.parametrize("seed", range(3))
def test_windows_and_slices_say_what_their_images_say(engine: Engine, seed: int) -> None:
    images, facts = draw_stream(engine, SETTINGS, seed, 40)
    exact, sketch = (
        kind(engine, CLASSES, SETTINGS, RING, LOSSES) for kind in (ExactStore, SketchStore)
    )
    for chosen in (range(25), range(25, 40)):
        for store in (exact, sketch):
            store.add(*select(images, facts, [*chosen]))
    for window in (Window("all"), Window("h", HOUR_US), Window("5", images=5)):
        for name in ("", "camera=1"):
            rows = [store.rows(store.snapshot(window, name)) for store in (exact, sketch)]
            span = rows[0].span
            inside = [
                k
                for k, time in enumerate(facts.times_us.tolist())
                if span.from_us <= time < span.until_us and (not name or name in facts.slices[k])
            ]
            tally = ExactTally(CLASSES, SETTINGS)
            tally.add(images.matches.select(inside))
            wanted = tally.report(engine)
            ours, theirs = (quality(engine, CLASSES, SETTINGS, each) for each in rows)
            assert replace(ours.report, curves=wanted.curves) == wanted
            assert (ours.low, ours.high, ours.losses) == (None, None, rows[0].losses)
            assert theirs.low is not None
            assert theirs.high is not None
            for low, value, high in zip(
                *(astuple(each.statistics) for each in (theirs.low, wanted, theirs.high)),
                strict=True,
            ):
                assert value is None or low <= value <= high
            same = [paired(engine, CLASSES, SETTINGS, each, each) for each in rows]
            for each in same:
                assert all(one.difference == 0 for one in each.statistics.values())
                assert each.images == wanted.images
