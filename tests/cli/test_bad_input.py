"""Each bad file: exit status 2 and one line that names field and value, never a traceback."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Boxgauge

Document = dict[str, Any]
Results = list[Document]
Spoil = Callable[[Document, Results], object]

BAD: dict[str, tuple[Spoil, str]] = {
    "negative width": (
        lambda gt, dt: gt["annotations"][1].update(bbox=[1, 1, -3.0, 2]),
        "ground_truth.json: annotations[1].bbox[2] must be at least 0 (width): got -3.0",
    ),
    "NaN box": (
        lambda gt, dt: dt[1].update(bbox=[1, math.nan, 3, 2]),
        "detections.json: [1].bbox[1] must be finite (top): got nan",
    ),
    "infinite score": (
        lambda gt, dt: dt[0].update(score=math.inf),
        "detections.json: [0].score must be finite: got inf",
    ),
    "unknown image of a detection": (
        lambda gt, dt: dt[2].update(image_id=17),
        "detections.json: [2].image_id must be an image of ",
    ),
    "unknown image of an annotation": (
        lambda gt, dt: gt["annotations"][0].update(image_id=17),
        "annotations[0].image_id must be an image of the file: got 17",
    ),
    "missing list": (
        lambda gt, dt: gt.pop("categories"),
        "ground_truth.json: categories must be present: got ",
    ),
    "missing key": (
        lambda gt, dt: dt[1].pop("score"),
        "detections.json: [1].score must be present",
    ),
    "absurd width of an object": (
        lambda gt, dt: gt["annotations"][0].update(bbox=[0, 0, 1e308, 1e308]),
        "annotations[0].bbox[2] must be at most 1e+100 from 0 (width): got 1e+308",
    ),
    "absurd place of a detection": (
        lambda gt, dt: dt[1].update(bbox=[-1e308, 0, 1, 1]),
        "detections.json: [1].bbox[0] must be at most 1e+100 from 0 (left): got -1e+308",
    ),
    "three numbers": (
        lambda gt, dt: dt[1].update(bbox=[1, 2, 3]),
        "detections.json: [1].bbox must be a list of 4 numbers: got [1, 2, 3]",
    ),
    "wrong type": (
        lambda gt, dt: gt["annotations"][0].update(category_id="cat"),
        "annotations[0].category_id must be a 64-bit integer: got 'cat'",
    ),
    "duplicate annotation": (
        lambda gt, dt: gt["annotations"][1].update(id=1),
        "annotations[1].id must be distinct (strict mode takes it): got 1",
    ),
    "duplicate image": (
        lambda gt, dt: gt["images"].append({"id": 1}),
        "images[3].id must be distinct: got 1",
    ),
    "a name over two lines": (
        lambda gt, dt: gt["images"][0].update(id=["a\nb"]),
        "images[0].id must be an integer or a string: got ['a\\nb']",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD)
def test_a_bad_file_is_one_line(
    boxgauge: Boxgauge,
    pair: tuple[Path, Path],
    ground_truth: Document,
    detections: Results,
    spoil: Spoil,
    message: str,
) -> None:
    spoil(ground_truth, detections)
    gt, dt = pair
    gt.write_text(json.dumps(ground_truth))
    dt.write_text(json.dumps(detections))
    assert_refused(boxgauge, gt, dt, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be JSON: "),
        ("{'images': []}", "must be JSON: "),
        ("[1, 2", "must be JSON: "),
        ("[]", "must be COCO ground truth (an object), not results (a list): got []"),
        ("17", "must be a COCO object: got 17"),
    ],
)
def test_a_file_that_is_not_coco_is_one_line(
    boxgauge: Boxgauge, pair: tuple[Path, Path], text: str, message: str
) -> None:
    gt, dt = pair
    gt.write_text(text)
    assert_refused(boxgauge, gt, dt, message)


def test_a_missing_file_and_a_folder_are_one_line(
    boxgauge: Boxgauge, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    gt, _ = pair
    assert_refused(boxgauge, gt, tmp_path / "none.json", "no such file or directory")
    assert_refused(boxgauge, gt, tmp_path, "is a directory")


def test_ground_truth_as_detections_is_one_line(
    boxgauge: Boxgauge, pair: tuple[Path, Path]
) -> None:
    gt, _ = pair
    assert_refused(boxgauge, gt, gt, "must be results (a list), not an object with keys")


def test_strict_refuses_what_pycocotools_refuses(
    boxgauge: Boxgauge, pair: tuple[Path, Path]
) -> None:
    gt, dt = pair
    dt.write_text("[]")
    assert_refused(boxgauge, gt, dt, "IndexError", "--strict")


def assert_refused(boxgauge: Boxgauge, gt: Path, dt: Path, message: str, *more: str) -> None:
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, *more)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err.startswith("boxgauge: ")
    assert message in ended.err
    assert ended.err.count("\n") == 1
