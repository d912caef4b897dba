"""A stopped engine ends the runs under way, and takes no more."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from boxgauge.engine import (
    Engine,
    Evaluation,
    EvaluationSettings,
    ModelRepository,
    ObjectClass,
    evaluate,
)
from boxgauge.frames import GroundTruths, Predictions, UnavailableError

HEAVY = 1000  # detections and ground truths that all overlap: a minute of matching, or more


def test_stop_ends_a_long_run_within_its_loop_and_all_later_ones(
    repository: ModelRepository,
) -> None:
    engine = Engine.open(repository)
    # The first image is matched in a run of its own, whose end says that the second is on.
    counts = [1, HEAVY]
    boxes = np.tile([0.0, 0.0, 9.0, 9.0], (sum(counts), 1))
    labels = np.ones(len(boxes), np.int64)
    predictions = Predictions.from_arrays(
        [1, 2], counts, boxes, labels, np.linspace(0, 1, len(boxes))
    )
    truths = GroundTruths.from_arrays([1, 2], counts, boxes, labels)
    under_way = threading.Event()
    engine.observe_run = lambda graph, _rows, _seconds: under_way.set()

    def run() -> Evaluation:
        settings = EvaluationSettings(max_detections=(1, 10, HEAVY))
        return evaluate(engine, predictions, truths, (ObjectClass(1, "a"),), settings)

    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(run)
        assert under_way.wait(30)
        engine.stop()
        with pytest.raises(UnavailableError, match="the engine was stopped"):
            running.result(timeout=5)
    pair = np.zeros((1, 4), np.float32)
    with pytest.raises(UnavailableError, match="the engine was stopped"):
        engine.run("iou_loss", {"pred": pair, "target": pair})
