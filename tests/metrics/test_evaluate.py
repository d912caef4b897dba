"""The eager evaluation gives pycocotools' bits on the committed sample."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from boxgauge.metrics import evaluate

SAMPLE = Path(__file__).parents[2] / "examples" / "sample"

Images = list[dict[str, torch.Tensor]]


def column(rows: list[dict[str, Any]], key: str, dtype: torch.dtype) -> torch.Tensor:
    return torch.tensor([row[key] for row in rows], dtype=dtype)


def read_sample() -> tuple[Images, Images]:
    truth = json.loads((SAMPLE / "ground_truth.json").read_text())
    found = json.loads((SAMPLE / "detections.json").read_text())
    predictions, targets = [], []
    for image_id in sorted(image["id"] for image in truth["images"]):
        dt = [row for row in found if row["image_id"] == image_id]
        gt = [row for row in truth["annotations"] if row["image_id"] == image_id]
        predictions.append(
            {
                "boxes": column(dt, "bbox", torch.float64),
                "labels": column(dt, "category_id", torch.int64),
                "scores": column(dt, "score", torch.float64),
            }
        )
        targets.append(
            {
                "boxes": column(gt, "bbox", torch.float64),
                "labels": column(gt, "category_id", torch.int64),
                "area": column(gt, "area", torch.float64),
                "iscrowd": column(gt, "iscrowd", torch.bool),
            }
        )
    return predictions, targets


def test_equals_pycocotools_in_all_bits() -> None:
    predictions, targets = read_sample()
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(SAMPLE / "ground_truth.json"))
        reference = COCOeval(truth, truth.loadRes(str(SAMPLE / "detections.json")), "bbox")
        reference.evaluate()
        reference.accumulate()
        reference.summarize()
    found = evaluate(predictions, targets, box_format="xywh")
    assert [*found.values()] == reference.stats.tolist()


def test_nothing_at_all_is_absent() -> None:
    assert {*evaluate([], []).values()} == {None}


def test_sides_must_pair_up() -> None:
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0), "scores": torch.zeros(0)}
    with pytest.raises(ValueError, match="must pair up: got 1 and 0"):
        evaluate([empty], [])


@pytest.mark.parametrize(
    ("box_format", "box"),
    [("xyxy", [8, 8, 24, 40]), ("xywh", [8, 8, 16, 32]), ("cxcywh", [16, 24, 16, 32])],
)
def test_formats_agree(box_format: str, box: list[float]) -> None:
    boxes, one = torch.tensor([box], dtype=torch.float32), torch.tensor([2])
    found = evaluate(
        [{"boxes": boxes, "labels": one, "scores": torch.tensor([0.5])}],
        [{"boxes": boxes, "labels": one}],
        box_format=box_format,  # type: ignore[arg-type]
    )
    assert found["AP"] == pytest.approx(1)
    assert found["APs"] == pytest.approx(1)
    assert found["APl"] is None


GOOD: dict[str, Any] = {
    "boxes": torch.tensor([[0.0, 0, 5, 5]]),
    "labels": torch.tensor([1]),
    "scores": torch.tensor([0.5]),
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"scores": torch.tensor([float("nan")])},
            r"ns\[1\].scores\[0\] must be finite: got nan",
        ),
        ({"boxes": torch.full((1, 4), float("inf"))}, r"boxes\[0\]\[0\] must be finite: got inf"),
        (
            {"boxes": torch.full((1, 4), 1e101, dtype=torch.float64)},
            r"boxes\[0\]\[0\] must be at most 1e\+100 from 0: got 1e\+101",
        ),
        (
            {"boxes": torch.tensor([[5.0, 5, 1, 9]])},
            r"boxes\[0\].w must be at least 0: got -4",
        ),
        (
            {"boxes": torch.zeros(4)},
            r"boxes must be floating of shape \[n, 4\]: got .* of \[4\]",
        ),
        ({"boxes": [[0, 0, 1, 1]]}, "boxes must be a tensor: got list"),
        ({"labels": torch.tensor([1.0])}, "labels must be integers: got torch.float32"),
        ({"labels": torch.tensor([-1])}, r"labels\[0\] must be at least 0: got -1"),
        ({"scores": None}, "scores must be a tensor: got NoneType"),
        ({"scores": torch.zeros(2)}, r"scores must be of shape \[1\]: got \[2\]"),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_bad_values_are_refused_by_image_and_field(change: dict[str, Any], message: str) -> None:
    targets = [{key: GOOD[key] for key in ("boxes", "labels")}] * 2
    with pytest.raises(ValueError, match=message):
        evaluate([GOOD, GOOD | change], targets)


@pytest.mark.usefixtures("signatures_unchecked")
def test_one_image_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match=r"s\[0\] must be a mapping, one an image: got str"):
        evaluate(GOOD, GOOD)
