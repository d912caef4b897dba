"""Pascal VOC's files: what is read, what is refused, what comes back."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.formats import ObjectClass, read_voc, read_voc_detections, write_voc
from boxgauge.formats.voc_folder import VocCorners
from boxgauge.frames import GroundTruths, InvalidInputError

DATA = os.environ.get("BOXGAUGE_DATA", "")

DOG = """
  <object>
    <name>dog</name>
    <difficult>1</difficult>
    <bndbox><xmin>48</xmin><ymin>240</ymin><xmax>195</xmax><ymax>371</ymax></bndbox>
    <part><name>head</name>
      <bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></part>
  </object>"""
CAT = """
  <object>
    <bndbox><ymin> 12 </ymin><xmin>8.5</xmin><ymax>498</ymax><xmax>352</xmax></bndbox>
    <name>cat</name>
  </object>"""
SIZE = "<size><width>353</width><height>500</height><depth>3</depth></size>"


def annotation(*parts: str) -> str:
    return f"<annotation><filename>x.jpg</filename>{''.join(parts)}</annotation>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.xml").write_text(annotation(SIZE, DOG, CAT))
    (tmp_path / "a.XML").write_text(annotation())
    (tmp_path / "notes.txt").write_text("not an annotation")
    return tmp_path


def test_corners_are_points_or_pixels(folder: Path) -> None:
    points = read_voc(folder)
    assert points.image_ids == ("a", "b")
    assert points.classes == (ObjectClass(1, "cat"), ObjectClass(2, "dog"))
    assert points.frames.counts.tolist() == [0, 2]
    assert points.frames.labels.tolist() == [2, 1]
    assert points.frames.boxes.tolist() == [[48, 240, 147, 131], [8.5, 12, 343.5, 486]]
    assert points.frames.ignore.tolist() == [True, False]
    assert points.frames.areas.tolist() == [147 * 131, 343.5 * 486]
    assert points.sizes == {"b": (353, 500)}
    pixels = read_voc(folder, corners="pixels")
    assert pixels.frames.boxes.tolist() == [[47, 239, 148, 132], [7.5, 11, 344.5, 487]]


def test_classes_given_keep_their_order(folder: Path) -> None:
    found = read_voc(folder, classes=["dog", "emu", "cat"])
    assert [each.name for each in found.classes] == ["dog", "emu", "cat"]
    assert found.frames.labels.tolist() == [1, 3]


def test_an_image_set_chooses(folder: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "dog_val.txt"
    chosen.write_text("b  1\n\n")
    assert read_voc(folder, image_set=chosen).image_ids == ("b",)
    for text, message in (
        ("a\nc\n", "dog_val.txt: line 2 must be an annotation file of "),
        ("a\nb\na -1", "dog_val.txt: line 3 must be distinct: got 'a'"),
    ):
        chosen.write_text(text)
        with pytest.raises(InvalidInputError, match=re.escape(message)):
            read_voc(folder, image_set=chosen)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_declared_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>' + annotation(CAT.replace("cat", "Bär"))
    (tmp_path / "a.xml").write_bytes(text.encode(encoding))
    assert read_voc(tmp_path).classes == (ObjectClass(1, "Bär"),)


BAD = [
    pytest.param(annotation(DOG)[:99], "a.xml: the file must be XML: got ", id="truncated"),
    pytest.param("", "a.xml: the file must be XML: got 'no element found", id="empty"),
    pytest.param(
        '<?xml version="1.0" encoding="klingon"?><annotation/>',
        "a.xml: the file must be XML: got 'unknown encoding",
        id="unknown encoding",
    ),
    pytest.param(
        '<?xml version="1.0" encoding="utf-8"?><annotation>\udcff</annotation>',
        "a.xml: the file must be XML: got 'not well-formed",
        id="another encoding than declared",
    ),
    pytest.param("<html/>", "a.xml: the root must be annotation: got 'html'", id="root"),
    pytest.param(
        '<!DOCTYPE annotation [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        "<annotation><object><name>&x;</name></object></annotation>",
        "a.xml: DOCTYPE must be absent",
        id="external entity",
    ),
    pytest.param(
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><annotation/>',
        "a.xml: DOCTYPE must be absent",
        id="external document type",
    ),
    pytest.param(
        annotation(DOG, CAT.replace("<name>cat</name>", "")),
        "a.xml: object[1].name must be there once: got 0",
        id="no name",
    ),
    pytest.param(
        annotation(CAT.replace("cat", " ")),
        "a.xml: object[0].name must be a text: got ''",
        id="empty name",
    ),
    pytest.param(
        annotation(CAT.replace("8.5", "NaN")),
        "a.xml: object[0].bndbox.xmin must be a finite number: got 'NaN'",
        id="NaN",
    ),
    pytest.param(
        annotation(CAT.replace("8.5", "8,5")),
        "a.xml: object[0].bndbox.xmin must be a finite number: got '8,5'",
        id="comma",
    ),
    pytest.param(
        annotation(CAT.replace("8.5", "-1e308")),
        "a.xml: object[0].bndbox.xmin must be at most 1e+100 from 0: got '-1e308'",
        id="absurd",
    ),
    pytest.param(
        annotation(CAT.replace("352", "8")),
        "a.xml: object[0].bndbox.xmax must be at least 8.5: got 8.0",
        id="inverted",
    ),
    pytest.param(
        annotation(CAT.replace("<xmax>352</xmax>", "")),
        "a.xml: object[0].bndbox.xmax must be there once: got 0",
        id="no corner",
    ),
    pytest.param(
        annotation(CAT.replace("<ymax>", "<ymax>5</ymax><ymax>")),
        "a.xml: object[0].bndbox.ymax must be there once: got 2",
        id="corner twice",
    ),
    pytest.param(
        annotation(DOG.replace("<difficult>1", "<difficult>yes")),
        "a.xml: object[0].difficult must be 0 or 1: got 'yes'",
        id="difficult",
    ),
    pytest.param(
        annotation(SIZE.replace("353", "3.5")),
        "a.xml: size.width must be a whole number of pixels: got '3.5'",
        id="size",
    ),
    pytest.param(
        annotation(SIZE.replace("353", "9" * 5000)),
        "a.xml: size.width must be a whole number of pixels: got '999",
        id="absurd size",
    ),
    pytest.param(
        annotation(DOG, CAT),
        "a.xml: object[1].name must be one of the 1 classes: got 'cat'",
        id="unknown class",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_fault_names_file_object_field_and_value(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.xml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidInputError, match=re.escape(message)) as caught:
        read_voc(tmp_path, classes=["dog"])
    assert len(str(caught.value).split("a.xml: ")[1]) < 250


def test_a_folder_is_wanted_whose_files_are_alone_in_their_names(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="nowhere must be a readable folder: no such file"):
        read_voc(folder / "nowhere")
    with pytest.raises(InvalidInputError, match=r"b\.xml must be a readable folder: not a dir"):
        read_voc(folder / "b.xml")
    (folder / "a.xml").write_text(annotation())
    with pytest.raises(InvalidInputError, match=r"alone in its name: got 'a\.XML'"):
        read_voc(folder)


def test_a_folder_without_objects_needs_classes(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(annotation())
    with pytest.raises(InvalidInputError, match=r"names must be at least one class: got \[\]"):
        read_voc(tmp_path)
    assert read_voc(tmp_path, classes=["dog"]).frames.counts.tolist() == [0]
    with pytest.raises(InvalidInputError, match=r"names\[1\] must be distinct: got 'dog'"):
        read_voc(tmp_path, classes=["dog", "dog"])


whole = st.integers(0, 5000)


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.tuples(whole, whole, whole, whole, st.booleans(), st.integers(1, 2))),
    corners=st.sampled_from(["points", "pixels"]),
)
def test_whole_pixels_come_back_in_all_bits(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, int, int, int, bool, int]],
    corners: VocCorners,
) -> None:
    folder = tmp_path_factory.mktemp("voc")
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    boxes = table[:, :4] + (np.array([0, 0, 1, 1]) if corners == "pixels" else 0)
    truths = GroundTruths.from_arrays(
        ["a", "b ä"],
        [len(rows), 0],
        boxes,
        table[:, 5].astype(np.int64),
        ignore=table[:, 4].astype(bool),
    )
    classes = (ObjectClass(1, "<&>"), ObjectClass(2, "tv monitor"))
    write_voc(folder, truths, classes, sizes={"a": (9, 8)}, corners=corners)
    back = read_voc(folder, classes=[each.name for each in classes], corners=corners)
    assert back.classes == classes
    assert back.sizes == {"a": (9, 8)}
    assert back.image_ids == truths.image_ids
    for ours, theirs in zip(back.frames.columns, truths.columns, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("image_id", "change", "message"),
    [
        ("a/b", {}, "image_id must be a file's name: got 'a/b'"),
        ("..", {}, "image_id must be a file's name: got '..'"),
        ("a", {"crowd": [True]}, "crowd must be false: VOC has no crowds: got True"),
        ("a", {"labels": [7]}, "labels must be the id of a class: got 7"),
        ("a", {"boxes": [[0.0, 0, np.inf, 1]]}, "boxes must be finite: got inf"),
    ],
)
def test_what_the_format_cannot_hold_is_not_written(
    tmp_path: Path, image_id: str, change: dict[str, object], message: str
) -> None:
    given = {"boxes": [[0.0, 0, 1, 1]], "labels": [1], "areas": [1.0]} | change
    truths = GroundTruths.from_arrays([image_id], [1], **given)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        write_voc(tmp_path / "new", truths, [ObjectClass(1, "dog")])
    assert not (tmp_path / "new").exists()


def test_result_files_of_the_devkit_are_read(folder: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    truth = read_voc(folder, classes=["monitor", "tv_monitor", "dog", "cat"])
    (results / "comp4_det_test_tv_monitor.txt").write_text("b 0.5 1 2 3 4\n")
    (results / "dog.txt").write_text("b .25 10 10 20.5 30\na 1e-3 0 0 5 5\n")
    found, notes = read_voc_detections(results, truth)
    assert found.image_ids == ("a", "b")
    assert found.counts.tolist() == [1, 2]
    assert found.labels.tolist() == [3, 2, 3]
    assert found.scores.tolist() == [1e-3, 0.5, 0.25]
    assert found.boxes.tolist() == [[0, 0, 5, 5], [1, 2, 2, 2], [10, 10, 10.5, 20]]
    assert notes == ("2 classes have no result file: no detections of them",)
    pixels, _ = read_voc_detections(results, truth, corners="pixels")
    assert pixels.boxes[0].tolist() == [-1, -1, 6, 6]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x_emu.txt", "", "x_emu.txt must be of one of the 2 classes: got 'x_emu'"),
        ("x_dog.txt", "b 1 2 3 4", "x_dog.txt: line 1 must be 6 columns: image confidence"),
        ("x_dog.txt", "\nc 1 2 3 4 5", "line 2.image must be an image of the ground truth: got 'c"),
        ("x_dog.txt", "b nan 2 3 4 5", "line 1.confidence must be a finite number: got 'nan'"),
        (
            "x_dog.txt",
            "b 1 2 3 4 1e308",
            "line 1.bottom must be at most 1e+100 from 0",
        ),
        ("x_dog.txt", "b 1 5 3 4 5", "line 1.right must be at least 5.0: got 4.0"),
        ("dog.txt", "", "x_dog.txt must be the only file of dog: got 'dog.txt'"),
    ],
)
def test_a_fault_of_a_result_file_names_line_and_field(
    folder: Path, tmp_path: Path, name: str, text: str, message: str
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    (results / "x_dog.txt").write_text("b 0.5 1 2 3 4")
    (results / name).write_text(text)
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        read_voc_detections(results, read_voc(folder))


@pytest.mark.skipif(not DATA, reason="BOXGAUGE_DATA names no folder with bccd")
def test_blood_cells_are_read_with_two_empty_boxes() -> None:
    folder = Path(DATA) / "bccd" / "BCCD"
    found = read_voc(folder / "Annotations")
    assert len(found.image_ids) == 364
    assert set(found.sizes.values()) == {(640, 480)}
    names = {each.id: each.name for each in found.classes}
    labels = [names[each] for each in found.frames.labels.tolist()]
    assert {name: labels.count(name) for name in names.values()} == {
        "RBC": 4155,
        "WBC": 372,
        "Platelets": 361,
    }
    assert found.notes == ("2 boxes of equal corners: kept",)
    assert int((found.frames.areas == 0).sum()) == 2
    kept = read_voc(folder / "Annotations", skip_empty=True)
    assert kept.notes == ("2 boxes of equal corners: left out",)
    assert len(kept.frames.labels) == len(labels) - 2
    splits = [
        len(
            read_voc(
                folder / "Annotations", image_set=folder / f"ImageSets/Main/{each}.txt"
            ).image_ids
        )
        for each in ("train", "val", "test")
    ]
    assert splits == [205, 87, 72]
