"""Reading photographs: what is right is read, what is not is named."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("sklearn", reason="the examples extra (scikit-learn) is not installed")

from photographs import UnreadableError, read_annotation, read_photograph, read_split

from tests.examples.blood_cells import voc_object, write_annotation, write_folder

GOOD = voc_object("WBC", (10, 20, 40, 80))


def test_a_split_is_read_in_the_order_of_its_listing_and_made_smaller(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    write_annotation(folder / "Annotations" / "val_0.xml", GOOD)
    scenes, dropped = read_split(folder, "val", shrink=2.5)
    assert dropped == 0
    assert [len(scene.labels) for scene in scenes] == [1, 3]
    assert scenes[0].image.shape == (96, 128, 3)
    np.testing.assert_array_equal(scenes[0].boxes, [[4, 8, 16, 32]])
    assert scenes[0].labels.tolist() == [1]


def test_the_folder_above_will_do(tmp_path: Path) -> None:
    write_folder(tmp_path / "BCCD")
    assert len(read_split(tmp_path, "test")[0]) == 2


def test_boxes_without_area_are_left_out_and_counted(tmp_path: Path) -> None:
    point = voc_object("RBC", (181, 329, 181, 329))
    line = voc_object("RBC", (5, 9, 60, 9))
    path = write_annotation(tmp_path / "a.xml", point, GOOD, line)
    annotation = read_annotation(path)
    assert annotation.boxes == [(10, 20, 40, 80)]
    assert annotation.labels == [1]
    assert annotation.without_area == 2


def test_a_photograph_without_cells_is_a_photograph(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    write_annotation(folder / "Annotations" / "test_0.xml")
    scenes, _ = read_split(folder, "test")
    assert scenes[0].boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("objects", "wanted"),
    [
        (
            [voc_object("cell", (1, 2, 3, 4))],
            "object 0 must be one of RBC, WBC, Platelets: got",
        ),
        ([GOOD, GOOD.replace("<ymax>80</ymax>", "")], "object 1 must have a number as ymax: got N"),
        ([voc_object("RBC", (1, "two", 3, 4))], "object 0 must have a number as ymin: got 'two'"),
        ([voc_object("RBC", (1, 2, "nan", 4))], "object 0 must have a number as xmax: got 'nan'"),
        (["<object>"], "is not XML"),
    ],
    ids=["class", "missing corner", "no number", "not finite", "not XML"],
)
def test_a_bad_annotation_is_named(tmp_path: Path, objects: list[str], wanted: str) -> None:
    path = write_annotation(tmp_path / "a.xml", *objects)
    with pytest.raises(UnreadableError, match=r"a\.xml: ") as caught:
        read_annotation(path)
    assert wanted in str(caught.value)


@pytest.mark.parametrize(
    "missing", ["ImageSets/Main/train.txt", "Annotations/train_1.xml", "JPEGImages/train_2.jpg"]
)
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    folder = write_folder(tmp_path)
    (folder / missing).unlink()
    with pytest.raises(UnreadableError, match=Path(missing).name):
        read_split(folder, "train")


def test_a_broken_photograph_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cells.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 this is no picture")
    with pytest.raises(UnreadableError, match=r"cells\.jpg: is no readable picture"):
        read_photograph(path)


def test_a_cut_off_photograph_is_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    path = folder / "JPEGImages" / "train_0.jpg"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UnreadableError, match=r"train_0\.jpg: is no readable picture"):
        read_split(folder, "train")


def test_an_empty_listing_is_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "ImageSets" / "Main" / "val.txt").write_text("\n")
    with pytest.raises(UnreadableError, match=r"val\.txt: lists no photographs"):
        read_split(folder, "val")


def test_photographs_of_two_sizes_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    Image.new("RGB", (64, 64)).save(folder / "JPEGImages" / "train_3.jpg")
    with pytest.raises(UnreadableError, match=r"train_3\.jpg: photographs must be of one size"):
        read_split(folder, "train")
