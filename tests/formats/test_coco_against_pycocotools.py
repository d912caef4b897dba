"""In strict mode the reader hands on, cell by cell, what pycocotools itself would evaluate."""

import contextlib
import copy
import io
import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from boxgauge.formats import read_detections, read_ground_truth
from boxgauge.frames import Frames

Document = dict[str, Any]
Write = Callable[[str, object], Path]
Column = NDArray[Any]
Cells = dict[tuple[int, int], list[Any]]

numbers = st.integers(-2, 40) | st.floats(-2, 40, allow_nan=False)
boxes = st.lists(numbers, min_size=4, max_size=4)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Document, list[Document]]:
    images = draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))
    annotations = st.fixed_dictionaries(
        {
            "id": st.integers(0, 5),  # few, so that ids occur twice
            "image_id": st.integers(0, 5),  # some are no image of the file
            "category_id": st.integers(1, 4),  # 4 is not listed
            "bbox": boxes,
            "area": numbers,
        },
        optional={"iscrowd": st.integers(0, 2), "ignore": st.integers(0, 1)},
    )
    results = st.fixed_dictionaries(
        {
            "image_id": st.sampled_from(images),
            "category_id": st.integers(1, 4),
            "bbox": boxes,
            "score": st.sampled_from([0.1, 0.5, 0.5, 1.0, -3.0, math.inf]),
        },
        optional={"id": st.integers(), "area": st.integers()},
    )
    categories = draw(st.permutations([1, 2, 3, 3]))
    ground_truth = {
        "images": [{"id": each} for each in images],
        "categories": [{"id": each, "name": str(each)} for each in categories],
        "annotations": draw(st.lists(annotations, max_size=12)),
    }
    return ground_truth, draw(st.lists(results, min_size=1, max_size=12))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pairs())
def test_cells_agree(write: Write, pair: tuple[Document, list[Document]]) -> None:
    ground_truth, results = pair
    truth = read_ground_truth(write("gt.json", ground_truth), strict=True)
    predictions, _ = read_detections(write("dt.json", results), truth, strict=True)
    images, classes, true_cells, found_cells = pycocotools_cells(ground_truth, results)

    assert list(truth.image_ids) == images
    assert [each.id for each in truth.classes] == classes
    assert cells(truth.frames, truth.frames.areas, truth.frames.crowd) == true_cells
    listed = cells(predictions, predictions.scores, predictions.scores)
    assert {cell: rows for cell, rows in listed.items() if cell[1] in classes} == found_cells


def cells(frames: Frames, first: Column, second: Column) -> Cells:
    found: Cells = defaultdict(list)
    for row, image in enumerate(frames.image_index.tolist()):
        cell = (int(frames.image_ids[image]), int(frames.labels[row]))
        found[cell].append([*frames.boxes[row].tolist(), first[row].item(), second[row].item()])
    return dict(found)


def pycocotools_cells(
    ground_truth: Document, results: list[Document]
) -> tuple[list[int], list[int], Cells, Cells]:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = copy.deepcopy(ground_truth)
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(copy.deepcopy(results)), "bbox")
        evaluator.params.imgIds = sorted(set(evaluator.params.imgIds))
        evaluator.params.catIds = sorted(set(evaluator.params.catIds))
        evaluator._prepare()
    # The index by cell also holds cells of no listed image, which nothing evaluates.
    images, classes = evaluator.params.imgIds, evaluator.params.catIds
    inside = [(image, label) for image in images for label in classes]
    true_cells = {
        cell: [[*each["bbox"], each["area"], bool(each.get("iscrowd", 0))] for each in rows]
        for cell in inside
        if (rows := evaluator._gts[cell])
    }
    found_cells = {
        cell: [[*each["bbox"], each["score"], each["score"]] for each in rows]
        for cell in inside
        if (rows := evaluator._dts[cell])
    }
    return images, classes, true_cells, found_cells
