"""A server that is killed while a feed streams to it, and started again on the same port."""

import signal
from pathlib import Path

import pytest

from boxgauge.client import Feed, MonitorClient, MonitorSettings
from boxgauge.client.durations import seconds
from tests.served import Server

from .test_outages import CLASSES, IMAGES, QUICK, TAKEN, WAIT_S, report_of, same, sides

KILLED_AT = (40, 80)


@pytest.mark.parametrize("tally", ["exact", "sketch"])
def test_every_frame_counts_once_however_often_the_server_is_killed(
    graphs_dir: Path, tmp_path: Path, tally: str
) -> None:
    environment = {"BOXGAUGE_JOURNAL": str(tmp_path / "journal.db")}
    settings = MonitorSettings(tally=tally, retention=seconds("1d", "retention"))
    server = Server(graphs_dir, **environment)
    port = int(server.address.rpartition(":")[2])
    try:
        with Feed(
            server.address,
            "survivor",
            "m",
            spool=tmp_path / "spool",
            classes=CLASSES,
            settings=settings,
            options=QUICK,
        ) as feed:
            for k in range(IMAGES):
                predictions, truth = sides(k)
                feed.predictions(k, **predictions, time=TAKEN + k)
                feed.ground_truth(k, **truth)
                if k in KILLED_AT:  # in the middle of what is being sent
                    server.end(signal.SIGKILL)
                    server = Server(graphs_dir, port=port, **environment)
            feed.flush(WAIT_S)
            counters = feed.counters
        assert (counters.refused, counters.spooled) == (0, 0)
        assert counters.acknowledged == 2 * IMAGES
        found = report_of(server.address, "survivor")

        with MonitorClient(server.address) as client:
            client.create_monitor("one-go", CLASSES, settings)
        with Feed(server.address, "one-go", "m", spool=tmp_path / "other", options=QUICK) as feed:
            for k in range(IMAGES):
                predictions, truth = sides(k)
                feed.predictions(k, **predictions, time=TAKEN + k)
                feed.ground_truth(k, **truth)
            feed.flush(WAIT_S)
        assert found.images == IMAGES
        assert same(found, report_of(server.address, "one-go"))
    finally:
        server.end(signal.SIGTERM)
