"""The committed sample is a valid COCO pair."""

import json
from pathlib import Path
from typing import Any

import pytest

CANVAS = 256
Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def truth(sample: Path) -> dict[str, Records]:
    content: dict[str, Records] = json.loads((sample / "ground_truth.json").read_text())
    return content


@pytest.fixture(scope="module")
def found(sample: Path) -> Records:
    content: Records = json.loads((sample / "detections.json").read_text())
    return content


def test_ids_are_unique_and_refer_to_what_is_listed(
    truth: dict[str, Records], found: Records
) -> None:
    for table in ("images", "categories", "annotations"):
        ids = [record["id"] for record in truth[table]]
        assert len(set(ids)) == len(ids)
    images = {image["id"] for image in truth["images"]}
    categories = {category["id"] for category in truth["categories"]}
    for record in (*truth["annotations"], *found):
        assert record["image_id"] in images
        assert record["category_id"] in categories


def test_boxes_lie_on_the_canvas(truth: dict[str, Records], found: Records) -> None:
    assert all((image["width"], image["height"]) == (CANVAS, CANVAS) for image in truth["images"])
    for record in (*truth["annotations"], *found):
        left, top, width, height = record["bbox"]
        assert left >= 0
        assert top >= 0
        assert width > 0
        assert height > 0
        assert left + width <= CANVAS + 1e-9
        assert top + height <= CANVAS + 1e-9


def test_every_class_is_annotated_and_detected(truth: dict[str, Records], found: Records) -> None:
    names = {category["id"]: category["name"] for category in truth["categories"]}
    assert sorted(names.values()) == list("0123456789")
    assert {record["category_id"] for record in truth["annotations"]} == set(names)
    assert {record["category_id"] for record in found} == set(names)


def test_scores_are_probabilities_and_no_image_has_over_a_hundred(found: Records) -> None:
    assert all(0 <= record["score"] <= 1 for record in found)
    per_image: dict[int, int] = {}
    for record in found:
        per_image[record["image_id"]] = per_image.get(record["image_id"], 0) + 1
    assert max(per_image.values()) <= 100


def test_the_awkward_cases_of_coco_are_there(truth: dict[str, Records], found: Records) -> None:
    areas = [record["area"] for record in truth["annotations"] if not record["iscrowd"]]
    assert min(areas) < 32**2
    assert any(32**2 <= area < 96**2 for area in areas)
    assert max(areas) > 96**2
    assert sum(record["iscrowd"] for record in truth["annotations"]) >= 5
    annotated = {record["image_id"] for record in truth["annotations"]}
    assert any(image["id"] not in annotated for image in truth["images"])


def test_both_files_together_stay_small(sample: Path) -> None:
    sizes = [(sample / name).stat().st_size for name in ("ground_truth.json", "detections.json")]
    assert sum(sizes) < 2_000_000
