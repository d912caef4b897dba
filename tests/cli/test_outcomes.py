"""Odd input that is evaluated: each documented outcome, as the command prints it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Boxgauge

Document = dict[str, Any]
Evaluate = Callable[..., Document]


@pytest.fixture
def evaluated(
    boxgauge: Boxgauge,
    pair: tuple[Path, Path],
    ground_truth: Document,
    detections: list[Document],
    graphs_dir: Path,
) -> Evaluate:
    """Return what evaluates the two files as they stand in the test by then."""
    gt, dt = pair

    def run(*options: str) -> Document:
        gt.write_text(json.dumps(ground_truth))
        dt.write_text(json.dumps(detections))
        asked = ("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--json")
        document: Document = json.loads(boxgauge(*asked, *options).out)
        return document

    return run


def test_an_image_without_ground_truth_has_false_positives(
    evaluated: Evaluate, detections: list[Document]
) -> None:
    before = evaluated()
    detections[2] |= {"category_id": 1, "score": 0.95}  # image 3 shows nothing
    after = evaluated()
    assert after["images"] == before["images"] == 3
    assert after["operating_point"]["false_positives"] == 1
    assert after["statistics"]["AP"] < before["statistics"]["AP"]


def test_a_class_without_ground_truth_is_absent_and_not_in_the_mean(
    evaluated: Evaluate, detections: list[Document]
) -> None:
    before = evaluated()
    detections[2]["category_id"] = 2
    after = evaluated()
    _, dog = after["classes"]
    assert (dog["AP"], dog["AR"], dog["positives"], dog["detections"]) == (None, None, 0, 1)
    assert after["statistics"] == before["statistics"]


def test_a_class_with_objects_and_no_detection_has_0(
    evaluated: Evaluate, ground_truth: Document
) -> None:
    ground_truth["annotations"][1]["category_id"] = 2
    assert evaluated()["classes"][1]["AP"] == 0


def test_beyond_the_maximum_the_lowest_scores_count_nowhere(
    evaluated: Evaluate, detections: list[Document]
) -> None:
    elsewhere = {"image_id": 1, "category_id": 1, "bbox": [50, 50, 9, 9], "score": 0.95}
    detections[:] = [detections[0], *[elsewhere] * 100]
    assert evaluated()["statistics"]["AR100"] == 0
    detections.pop()
    assert evaluated()["statistics"]["AR100"] > 0


def test_beyond_1e10_square_pixels_a_box_is_in_no_range(
    evaluated: Evaluate, ground_truth: Document, detections: list[Document]
) -> None:
    before = evaluated()
    huge = {"image_id": 3, "category_id": 1, "bbox": [0, 0, 1e6, 1e6]}
    ground_truth["annotations"].append(huge | {"id": 3, "area": 1e12})
    detections[2] = huge | {"score": 0.95}
    after = evaluated()
    assert after["statistics"] == before["statistics"]
    assert after["positives"] == before["positives"]


def test_an_annotation_of_an_unlisted_class_is_left_out_and_noted(
    evaluated: Evaluate, ground_truth: Document
) -> None:
    ground_truth["annotations"][1]["category_id"] = 77
    document = evaluated()
    assert document["positives"] == 1
    assert "1 annotations left out: their category is not listed" in document["notes"]


def test_classes_without_a_name_of_their_own_are_told_by_their_ids(
    evaluated: Evaluate, ground_truth: Document
) -> None:
    ground_truth["categories"] = [{"id": 1}, {"id": 2, "name": "a"}, {"id": 3, "name": "a"}]
    document = evaluated()
    assert [each["name"] for each in document["classes"]] == ["1", "a (2)", "a (3)"]
    assert "1 category names belong to several ids: shown with the id" in document["notes"]


def test_a_file_name_and_a_size_that_are_none_are_as_if_absent(
    evaluated: Evaluate, ground_truth: Document
) -> None:
    before = evaluated()
    ground_truth["images"][0] |= {"file_name": 3, "width": "wide", "height": -1}
    assert evaluated() == before


def test_nothing_at_all_is_absent(evaluated: Evaluate, ground_truth: Document) -> None:
    ground_truth["annotations"].clear()
    document = evaluated("--full")
    assert set(document["statistics"].values()) == {None}
    assert document["operating_point"]["recall"] is None
