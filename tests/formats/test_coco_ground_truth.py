import copy
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxgauge.formats import ObjectClass, read_ground_truth
from boxgauge.frames import InvalidInputError

Tree = Any  # what JSON holds
Document = dict[str, Any]
Spoil = Callable[[Document], object]
Write = Callable[[str, object], Path]


def test_images_are_ascending_and_all_there(write: Write, ground_truth: Document) -> None:
    read = read_ground_truth(write("gt.json", ground_truth))
    assert read.image_ids == read.frames.image_ids == (3, 5, 7)
    assert read.frames.counts.tolist() == [1, 0, 2]
    assert read.classes == (ObjectClass(1, "cat"), ObjectClass(2, "dog"))
    assert read.notes == ()


def test_columns_are_as_written(write: Write, ground_truth: Document) -> None:
    frames = read_ground_truth(write("gt.json", ground_truth)).frames
    assert frames.boxes.tolist() == [[1, 2, 3, 4], [0, 0, 10, 10], [5.5, 5, 2, 2]]
    assert frames.areas.tolist() == [12, 55.5, 4]
    assert frames.ids.tolist() == [11, 10, 12]
    assert frames.crowd.tolist() == frames.ignore.tolist() == [False, False, True]


def test_strings_come_after_integers(write: Write, ground_truth: Document) -> None:
    ground_truth["images"] += [{"id": "é"}, {"id": "z"}, {"id": "10"}]
    read = read_ground_truth(write("gt.json", ground_truth))
    assert read.image_ids == (3, 5, 7, "10", "z", "é")


def test_annotations_of_unlisted_categories_are_counted(
    write: Write, ground_truth: Document
) -> None:
    ground_truth["annotations"][0]["category_id"] = 99
    for strict in (False, True):
        read = read_ground_truth(write("gt.json", ground_truth), strict=strict)
        assert read.unlisted == 1
        assert read.frames.counts.tolist() == [1, 0, 1]
        assert "1 annotations left out: their category is not listed" in read.notes


def test_an_absent_area_is_the_box_with_a_note(write: Write, ground_truth: Document) -> None:
    del ground_truth["annotations"][0]["area"]
    path = write("gt.json", ground_truth)
    read = read_ground_truth(path)
    assert read.frames.areas.tolist() == [12, 100, 4]
    assert "w·h" in read.notes[0]
    with pytest.raises(InvalidInputError, match=r"annotations\[0\]\.area must be present"):
        read_ground_truth(path, strict=True)


def test_shared_names_are_told_apart(write: Write, ground_truth: Document) -> None:
    ground_truth["categories"] = [{"id": 2, "name": "cat"}, {"id": 1, "name": "cat"}, {"id": 5}]
    read = read_ground_truth(write("gt.json", ground_truth))
    assert [each.name for each in read.classes] == ["cat (1)", "cat (2)", "5"]
    assert len(read.notes) == 1


def test_strict_takes_the_last_of_duplicate_ids_once_per_duplicate(
    write: Write, ground_truth: Document
) -> None:
    # Annotation 10 of image 7 also names a box of image 5: pycocotools' index by id
    # keeps the later one and hands it out at both places.
    twin = {"id": 10, "image_id": 5, "category_id": 2, "bbox": [9, 9, 1, 1], "area": 1}
    ground_truth["annotations"].append(twin)
    frames = read_ground_truth(write("gt.json", ground_truth), strict=True).frames
    assert frames.counts.tolist() == [1, 2, 1]
    assert frames.ids.tolist() == [11, 10, 10, 12]
    assert frames.boxes[1].tolist() == frames.boxes[2].tolist() == [9, 9, 1, 1]


def test_strict_leaves_out_annotations_of_unlisted_images(
    write: Write, ground_truth: Document
) -> None:
    ground_truth["annotations"][1]["image_id"] = 4
    read = read_ground_truth(write("gt.json", ground_truth), strict=True)
    assert read.frames.counts.tolist() == [0, 0, 2]
    assert "1 annotations left out: their image is not listed" in read.notes


def _set(*path: object) -> Spoil:
    *keys, last, value = path

    def spoil(document: Tree) -> None:
        for key in keys:
            document = document[key]
        document[last] = value

    return spoil


def _drop(*path: object) -> Spoil:
    *keys, last = path

    def spoil(document: Tree) -> None:
        for key in keys:
            document = document[key]
        del document[last]

    return spoil


BAD = {
    "negative width": (
        _set("annotations", 1, "bbox", 2, -3.0),
        "annotations[1].bbox[2] must be at least 0 (width): got -3.0",
    ),
    "NaN": (_set("annotations", 1, "bbox", 0, math.nan), "[1].bbox[0] must be finite (left): got"),
    "infinite area": (_set("annotations", 0, "area", math.inf), "[0].area must be finite: got inf"),
    "negative area": (_set("annotations", 0, "area", -1), "[0].area must be at least 0: got -1.0"),
    "text in a box": (
        _set("annotations", 0, "bbox", 3, "7"),
        "[0].bbox[3] must be a number: got '7'",
    ),
    "three numbers": (_set("annotations", 2, "bbox", [1, 2, 3]), "[2].bbox must be a list of 4"),
    "box is null": (_set("annotations", 2, "bbox", None), "[2].bbox must be a list of 4"),
    "no box": (_drop("annotations", 2, "bbox"), "annotations[2].bbox must be present: got id, "),
    "no id": (_drop("annotations", 0, "id"), "annotations[0].id must be present: got image_id"),
    "unknown image": (
        _set("annotations", 1, "image_id", 4),
        "annotations[1].image_id must be an image of the file: got 4",
    ),
    "no category": (_drop("annotations", 0, "category_id"), "[0].category_id must be present"),
    "text category": (_set("annotations", 0, "category_id", "1"), "[0].category_id must be a 64"),
    "huge category": (_set("annotations", 0, "category_id", 2**63), "[0].category_id must be a 64"),
    "crowd 2": (_set("annotations", 0, "iscrowd", 2), "[0].iscrowd must be 0 or 1: got 2"),
    "crowd null": (_set("annotations", 0, "iscrowd", None), "[0].iscrowd must be 0 or 1: got None"),
    "duplicate annotation": (
        _set("annotations", 2, "id", 10),
        "annotations[2].id must be distinct (strict mode takes it): got 10",
    ),
    "duplicate image": (_set("images", 2, "id", 7), "images[2].id must be distinct: got 7"),
    "boolean image": (_set("images", 2, "id", True), "images[2].id must be an integer or a string"),
    "fraction": (
        _set("images", 2, "id", 1.5),
        "images[2].id must be an integer or a string: got 1.5",
    ),
    "duplicate category": (
        _set("categories", 1, "id", 2),
        "categories[1].id must be distinct: got 2",
    ),
    "no categories": (_set("categories", []), "categories must be at least one category: got []"),
    "unnamed": (_set("categories", 0, "name", ""), "categories[0].name must be a text of 1 to 200"),
    "missing key": (_drop("images"), "images must be present: got "),
    "wrong list": (_set("annotations", {}), "annotations must be a list of objects: got {}"),
    "wrong record": (_set("annotations", 1, 3), "annotations[1] must be an object: got 3"),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD)
def test_a_fault_names_file_record_field_and_value(
    write: Write, ground_truth: Document, spoil: Spoil, message: str
) -> None:
    document = copy.deepcopy(ground_truth)
    spoil(document)
    with pytest.raises(InvalidInputError, match=re.escape(message)) as caught:
        read_ground_truth(write("gt.json", document))
    assert "gt.json: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be JSON"),
        ("{", "must be JSON"),
        ('{"a": NaN', "must be JSON"),
        ("[]", "must be COCO ground truth (an object), not results (a list): got []"),
        ("3", "must be a COCO object: got 3"),
        ('{"images": [{"id": "\\ud800"}], "x": NaN}', "must be JSON"),
    ],
)
def test_what_is_not_coco_is_refused(write: Write, text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        read_ground_truth(write("gt.json", text))


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no such file"):
        read_ground_truth(tmp_path / "none.json")


def test_strict_keeps_what_pycocotools_takes(write: Write, ground_truth: Document) -> None:
    ground_truth["annotations"][0].update(bbox=[0, 0, -1, 5], area=-5, iscrowd=3)
    ground_truth["images"].append({"id": 7})
    frames = read_ground_truth(write("gt.json", ground_truth), strict=True).frames
    assert frames.boxes[1].tolist() == [0, 0, -1, 5]
    assert frames.areas[1] == -5
    assert frames.crowd[1]
    assert len(frames) == 3
