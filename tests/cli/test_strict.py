"""A strict evaluation of files is pycocotools' own, whatever odd things the files hold."""

import contextlib
import copy
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from boxgauge.engine import Engine, EvaluationSettings, ModelRepository, ObjectClass, evaluate
from boxgauge.formats import read_detections, read_ground_truth

Document = dict[str, Any]

sides = st.sampled_from([-3, 0, 1, 8, 8.5, 30, 32, 100])
boxes = st.lists(sides, min_size=4, max_size=4)
annotations = st.fixed_dictionaries(
    {
        "id": st.integers(0, 4),  # few, so that ids occur twice, and 0 with its fault
        "image_id": st.integers(1, 4),  # 4 is no image of the file
        "category_id": st.integers(1, 3),  # 3 is not listed
        "bbox": boxes,
        "area": st.sampled_from([-1, 0, 64, 1024, 9216, 10000.5]),
        "iscrowd": st.integers(0, 2),
    },
    optional={"ignore": st.integers(0, 1)},
)
results = st.fixed_dictionaries(
    {
        "image_id": st.integers(1, 3),
        "category_id": st.integers(1, 3),
        "bbox": boxes,
        "score": st.sampled_from([0.1, 0.5, 0.5, 0.9, -2, -0.0, 0, math.inf, math.nan]),
    }
)


@pytest.fixture(scope="module")
def engine(graphs_dir: Path) -> Engine:
    return Engine.open(ModelRepository.open(graphs_dir))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(annotations, max_size=10), st.lists(results, min_size=1, max_size=10))
def test_strict_is_pycocotools(
    engine: Engine, tmp_path: Path, truths: list[Document], found: list[Document]
) -> None:
    ground_truth = {
        "images": [{"id": 3}, {"id": 1}, {"id": 2}, {"id": 1}],
        "categories": [{"id": 2, "name": "b"}, {"id": 1, "name": "a"}],
        "annotations": truths,
    }
    gt, dt = tmp_path / "gt.json", tmp_path / "dt.json"
    gt.write_text(json.dumps(ground_truth))
    dt.write_text(json.dumps(found))
    truth = read_ground_truth(gt, strict=True)
    predictions, _ = read_detections(dt, truth, strict=True)
    classes = tuple(ObjectClass(each.id, each.name) for each in truth.classes)
    report = evaluate(
        engine, predictions, truth.frames, classes, EvaluationSettings(strict=True)
    ).report

    theirs = pycocotools(ground_truth, found)
    for name in ("precision", "recall", "scores"):
        ours = getattr(report.curves, name)
        assert ours.shape == theirs.eval[name].shape
        np.testing.assert_array_equal(ours, theirs.eval[name], err_msg=name)


def pycocotools(ground_truth: Document, found: list[Document]) -> COCOeval:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = copy.deepcopy(ground_truth)
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(copy.deepcopy(found)), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
    return evaluator
