"""Warm before ready: what monitors run has run once by then."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from boxgauge.client import (
    AsyncMonitorClient,
    MonitorSettings,
    ground_truth_batch,
    prediction_batch,
)
from boxgauge.engine import Engine
from boxgauge.engine.online.loss_graphs import usable_losses
from boxgauge.engine.online.warm_up import warm_up
from boxgauge.server.opened_engine import open_engine
from boxgauge.server.settings import read_settings
from tests.server.conftest import Serve

IMAGES = 60


@contextmanager
def graphs_run(engine: Engine) -> Iterator[set[str]]:
    """Yield the names of the graphs that run within."""
    before, names = engine.observe_run, set[str]()
    engine.observe_run = lambda graph, _rows, _seconds: names.add(graph)
    try:
        yield names
    finally:
        engine.observe_run = before


@pytest.mark.parametrize("tally", ["exact", "sketch"])
async def test_what_monitors_run_is_warm(serve: Serve, engine: Engine, tally: str) -> None:
    with graphs_run(engine) as warm:
        warm_up(engine)
    draw = np.random.default_rng(3)
    ids, counts = list(range(IMAGES)), [2] * IMAGES
    boxes, labels = draw.uniform(5, 90, (2 * IMAGES, 4)), [1, 2] * IMAGES
    async with serve() as (app, _), AsyncMonitorClient(app.address) as client:
        with graphs_run(engine) as used:
            settings = MonitorSettings(
                tally=tally, losses=usable_losses(engine)[:8], comparisons=(("a", "b"),)
            )
            await client.create_monitor("m", {1: "x", 2: "y"}, settings)
            for model in ("a", "b"):
                scores = draw.random(2 * IMAGES)
                batch = prediction_batch(ids, counts, boxes, labels, scores)
                _ = [each async for each in client.observe("m", [batch], model=model)]
            truths = ground_truth_batch(ids, counts, boxes, labels)
            _ = [each async for each in client.observe("m", [truths])]
            await client.get_report("m", model="a")
            await client.compare_models("m", "a", "b")
    assert {"match", "left_out_report", "f_beta"} <= used
    assert used <= warm


async def test_every_loss_that_a_monitor_may_ask_for_is_warm(engine: Engine) -> None:
    with graphs_run(engine) as warm:
        warm_up(engine)
    assert {"giou_loss", "bce_loss", "focal_loss"} <= set(usable_losses(engine)) <= warm


@pytest.mark.parametrize("wanted", [True, False])
def test_the_setting_says_whether(
    engine: Engine, wanted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    folder = engine.repository.path
    with caplog.at_level(logging.INFO, logger="boxgauge.server.opened_engine"):
        open_engine(read_settings(graphs=folder, warm_up=wanted))
    assert ("warmed up" in caplog.text) is wanted
