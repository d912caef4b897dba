"""YOLO's files: rows, names, sizes; what is refused; what comes back."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from boxgauge.formats import (
    ObjectClass,
    read_class_names,
    read_image_sizes,
    read_size_table,
    read_yolo,
    read_yolo_detections,
    write_yolo,
)
from boxgauge.frames import (
    FailedPreconditionError,
    GroundTruths,
    InvalidInputError,
    Predictions,
)

CLASSES = (ObjectClass(0, "cat"), ObjectClass(1, "dog"))
SIZES = {"a": (200, 100), "b": (640, 480)}


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "a.txt").write_text("1 0.5 0.5 0.25 0.5\n\n0 0.25 0.125 0.5 0.25\n")
    (folder / "classes.txt").write_text("cat\ndog\n")
    return folder


def test_rows_become_pixels(labels: Path) -> None:
    found = read_yolo(labels, CLASSES, SIZES)
    assert found.image_ids == ("a", "b")
    assert found.frames.counts.tolist() == [2, 0]
    assert found.frames.labels.tolist() == [1, 0]
    assert found.frames.boxes.tolist() == [[75, 25, 50, 50], [0, 0, 100, 25]]
    assert found.notes == ("1 images have no label file: taken to show nothing",)


def test_absurd_sizes_are_refused(labels: Path, tmp_path: Path) -> None:
    truth = read_yolo(labels, CLASSES, SIZES)
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1 1e308 0.5\n")
    with pytest.raises(InvalidInputError, match=r"line 1.height must be at most 1e\+100 from 0"):
        read_yolo_detections(tmp_path, truth)


def test_detections_have_a_confidence(labels: Path, tmp_path: Path) -> None:
    truth = read_yolo(labels, CLASSES, SIZES)
    (tmp_path / "b.txt").write_text("1 0.5 0.5 1.5 0.5 0.75\n")
    found, notes = read_yolo_detections(tmp_path, truth)
    assert found.counts.tolist() == [0, 1]
    assert found.boxes.tolist() == [[-160, 120, 960, 240]]
    assert found.scores.tolist() == [0.75]
    assert notes == ("1 images have no detection file: no detections there",)


BAD = [
    ("0 0.5 0.5 0.5", "a.txt: line 2 must be 5 columns: class x y width height: got '0 0.5"),
    ("0 0.5 0.5 0.5 0.5 0.9", "a.txt: line 2 must be 5 columns"),
    ("0 .1 .1 .2 .1 .2 .2 .1 .2", "a.txt: line 2 must be 5 columns"),
    ("0 nan 0.5 0.5 0.5", "a.txt: line 2.x must be a finite number: got 'nan'"),
    ("0 0.5 inf 0.5 0.5", "a.txt: line 2.y must be a finite number: got 'inf'"),
    ("0 0.5 0.5 -0.5 0.5", "a.txt: line 2.width must be at least 0: got '-0.5'"),
    ("0 320 240 20 10", "a.txt: line 2.x must be in [0, 1], relative to the image: got '320'"),
    ("2 0.5 0.5 0.5 0.5", "a.txt: line 2.class must be one of the 2 classes, by number: got '2'"),
    ("0.5 0.5 0.5 0.5 0.5", "a.txt: line 2.class must be one of the 2 classes"),
    ("dog 0.5 0.5 0.5 0.5", "a.txt: line 2.class must be a finite number: got 'dog'"),
    ("0 0_1 0.5 0.5 0.5", "a.txt: line 2.x must be a finite number: got '0_1'"),
]


@pytest.mark.parametrize(("row", "message"), BAD)
def test_a_fault_names_file_line_field_and_value(labels: Path, row: str, message: str) -> None:
    (labels / "a.txt").write_text(f"0 0.5 0.5 0.5 0.5\n{row}\n")
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        read_yolo(labels, CLASSES, SIZES)


def test_text_in_another_encoding_is_refused(labels: Path) -> None:
    (labels / "a.txt").write_bytes(b"0 0.5 0.5 0.5 \xff")
    with pytest.raises(InvalidInputError, match=r"a\.txt: byte 14 must be UTF-8 text: got b'\\xff"):
        read_yolo(labels, CLASSES, SIZES)
    (labels / "a.txt").write_bytes(b"\xef\xbb\xbf0 0.5 0.5 0.5 0.5")
    assert read_yolo(labels, CLASSES, SIZES).frames.counts.tolist() == [1, 0]


def test_an_image_without_a_size_is_refused(labels: Path, tmp_path: Path) -> None:
    (labels / "c.txt").write_text("")
    with pytest.raises(InvalidInputError, match="the image must be one of 2 whose size is known"):
        read_yolo(labels, CLASSES, SIZES)
    (labels / "c.txt").unlink()
    truth = read_yolo(labels, CLASSES, SIZES)
    (tmp_path / "z.txt").write_text("")
    with pytest.raises(InvalidInputError, match=r"z\.txt: the image must be one of 2"):
        read_yolo_detections(tmp_path, truth)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1), *[st.integers(1, 40)] * 4)))
def test_what_is_written_comes_back_within_rounding(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("yolo")
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    sides = table[:, 2:], table[:, 0].astype(np.int64)
    truths = GroundTruths.from_arrays(["a", "b"], [0, len(rows)], *sides)
    predictions = Predictions.from_arrays(["a", "b"], [0, len(rows)], *sides, table[:, 1])
    write_yolo(folder / "labels", truths, SIZES)
    write_yolo(folder / "found", predictions, SIZES)
    back = read_yolo(folder / "labels", CLASSES, SIZES)
    assert (folder / "labels" / "a.txt").read_text() == ""
    np.testing.assert_array_equal(back.frames.labels, truths.labels)
    np.testing.assert_allclose(back.frames.boxes, truths.boxes, rtol=0, atol=1e-12)
    found, _ = read_yolo_detections(folder / "found", back)
    np.testing.assert_array_equal(found.scores, predictions.scores)
    np.testing.assert_array_equal(found.boxes, back.frames.boxes)


def test_what_the_format_cannot_hold_is_not_written(tmp_path: Path) -> None:
    box = np.array([[0.0, 0, 1, 1]])
    crowd = GroundTruths.from_arrays(["a"], [1], box, [0], crowd=[True])
    with pytest.raises(InvalidInputError, match="crowd or ignore must be false"):
        write_yolo(tmp_path, crowd, SIZES)
    with pytest.raises(InvalidInputError, match="sizes must be known for every image: got 'c'"):
        write_yolo(tmp_path, GroundTruths.from_arrays(["c"], [1], box, [0]), SIZES)
    nan = Predictions.from_arrays(["a"], [1], box, [0], [np.nan])
    with pytest.raises(InvalidInputError, match="boxes or scores must be finite: got nan"):
        write_yolo(tmp_path, nan, SIZES)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.yaml", "path: ../x\nnames: [cat, dog]\nnc: 2\n"),
        ("data.yml", "names:\n  0: cat\n  1: dog\n"),
        ("names.txt", "cat\n\n dog \n"),
    ],
)
def test_names_are_numbered_from_zero(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_class_names(tmp_path / name) == CLASSES


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("d.yaml", "names: [cat", "d.yaml: the file must be YAML: got "),
        ("d.yaml", "nc: 2", "d.yaml: names must be a list, or a mapping from numbers: got None"),
        ("d.yaml", "- cat", "d.yaml: names must be a list, or a mapping from numbers: got None"),
        ("d.yaml", "names: [yes, no]", "d.yaml: names[0] must be a text (in quotes): got True"),
        ("d.yaml", "names: {1: cat, 2: dog}", "d.yaml: names must be numbered 0, 1"),
        ("d.yaml", "names: [cat, cat]", "d.yaml: names[1] must be distinct: got 'cat'"),
        ("d.yaml", "names: [2001-99-99]", "d.yaml: the file must be YAML: got 'month must be"),
        ("d.yaml", "[" * 5000, "d.yaml: the file must be YAML: got"),
        ("d.yaml", "names: ['']", "d.yaml: names[0] must be a text of 1 to 200 bytes: got ''"),
        ("d.yaml", "names: !!python/object:os.system [x]", "d.yaml: the file must be YAML"),
        ("d.txt", "", "d.txt: names must be at least one class: got []"),
        ("d.txt", "cat\ncat", "d.txt: names[1] must be distinct: got 'cat'"),
    ],
)
def test_bad_names_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        read_class_names(tmp_path / name)


def test_sizes_come_from_headers_turned_as_shown(tmp_path: Path) -> None:
    picture = Image.new("RGB", (30, 20))
    picture.save(tmp_path / "a.png")
    exif = Image.Exif()
    exif[274] = 6
    picture.save(tmp_path / "b.JPG", exif=exif)
    (tmp_path / "c.txt").write_text("no image")
    assert read_image_sizes(tmp_path) == {"a": (30, 20), "b": (20, 30)}
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:20])
    with pytest.raises(InvalidInputError, match=r"a\.png: the file must be an image: got"):
        read_image_sizes(tmp_path)
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "a.bmp")
    with pytest.raises(InvalidInputError, match=r"a\.png must be alone in its name: got 'a\.bmp'"):
        read_image_sizes(tmp_path)


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(FailedPreconditionError, match=r"Pillow: install .* extra \[yolo\]"):
        read_image_sizes(tmp_path)
    (tmp_path / "data.yaml").write_text("names: [cat]")
    with pytest.raises(FailedPreconditionError, match=r"PyYAML: install .* extra \[yolo\]"):
        read_class_names(tmp_path / "data.yaml")


def test_sizes_come_from_a_table(tmp_path: Path) -> None:
    table = tmp_path / "sizes.csv"
    table.write_text('image,width,height\na,200,100\n\n"b, c",640,480\n')
    assert read_size_table(table) == {"a": (200, 100), "b, c": (640, 480)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s.csv: line 1 must be image,width,height: got ''"),
        ("a,1,2\n", "s.csv: line 1 must be image,width,height: got 'a,1,2'"),
        ("image,width,height\na,1\n", "s.csv: line 2 must be image,width,height: got 'a,1'"),
        ("image,width,height\na,1,0\n", "s.csv: line 2.height must be a whole number of pixels"),
        ("image,width,height\na,-1,5\n", "s.csv: line 2.width must be a whole number of pixels"),
        ("image,width,height\n" + "a" * 200_000, "s.csv: line 2 must be CSV: got 'field larger"),
        ("image,width,height\na,1,2\na,1,2\n", "s.csv: line 3.image must be distinct: got 'a'"),
    ],
)
def test_a_bad_table_of_sizes_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        read_size_table(tmp_path / "s.csv")
