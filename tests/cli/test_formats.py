"""Ground truth and detections of other formats, evaluated by the command."""

import json
from pathlib import Path

import pytest
from PIL import Image

from .conftest import Boxgauge

VOC = (
    "<annotation><object><name>{name}</name><difficult>0</difficult><bndbox><xmin>{x}</xmin>"
    "<ymin>10</ymin><xmax>{right}</xmax><ymax>50</ymax></bndbox></object></annotation>"
)


@pytest.fixture
def voc(tmp_path: Path) -> tuple[Path, Path]:
    gt, dt = tmp_path / "Annotations", tmp_path / "results"
    gt.mkdir()
    dt.mkdir()
    (gt / "a.xml").write_text(VOC.format(name="dog", x=10, right=50))
    (gt / "b.xml").write_text(VOC.format(name="cat", x=20, right=60))
    (dt / "comp4_det_test_dog.txt").write_text("a 0.9 10 10 50 50\n")
    (dt / "comp4_det_test_cat.txt").write_text("b 0.8 0 0 5 5\n")
    return gt, dt


@pytest.fixture
def yolo(tmp_path: Path) -> tuple[Path, Path, Path, Path]:
    labels, found, images = (tmp_path / name for name in ("labels", "found", "images"))
    for folder in (labels, found, images):
        folder.mkdir()
    Image.new("RGB", (200, 100)).save(images / "a.jpg")
    (labels / "a.txt").write_text("1 0.5 0.5 0.2 0.4\n")
    (found / "a.txt").write_text("1 0.5 0.5 0.2 0.4 0.75\n")
    names = tmp_path / "data.yaml"
    names.write_text("names: [cat, dog]\n")
    return labels, found, images, names


def test_voc_folders_are_told_by_their_files(
    boxgauge: Boxgauge, voc: tuple[Path, Path], graphs_dir: Path
) -> None:
    gt, dt = voc
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--json")
    document = json.loads(ended.out)
    cat, dog = document["classes"]
    assert (cat["name"], cat["AP"]) == ("cat", 0)
    assert (dog["name"], dog["AP"]) == ("dog", pytest.approx(1))


def test_yolo_folders_need_names_and_sizes(
    boxgauge: Boxgauge, yolo: tuple[Path, Path, Path, Path], graphs_dir: Path, tmp_path: Path
) -> None:
    labels, found, images, names = yolo
    asked = ("eval", "--gt", labels, "--dt", found, "--graphs", graphs_dir)
    assert "--names must be" in boxgauge(*asked).err
    assert "--images must be" in boxgauge(*asked, "--names", names).err
    whole = (*asked, "--names", names, "--images", images)
    document = json.loads(boxgauge(*whole, "--json").out)
    assert document["classes"][1]["AP"] == pytest.approx(1)
    page = tmp_path / "page.html"
    (found / "a.txt").write_text("0 0.1 0.1 0.1 0.1 0.75\n")
    assert boxgauge(*whole, "--html", page).status == 0
    assert "data:image/jpeg;base64," in page.read_text()


def federated(gt: Path) -> None:
    """Make a COCO file LVIS's: all classes common, none looked for in vain."""
    document = json.loads(gt.read_text())
    for image in document["images"]:
        image |= {"neg_category_ids": [], "not_exhaustive_category_ids": []}
    for category in document["categories"]:
        category["frequency"] = "c"
    gt.write_text(json.dumps(document))


def test_lvis_counts_only_what_was_looked_for(
    boxgauge: Boxgauge, pair: tuple[Path, Path], graphs_dir: Path
) -> None:
    gt, dt = pair
    federated(gt)
    asked = ("eval", "--gt", gt, "--dt", dt, "--format", "lvis", "--graphs", graphs_dir)
    found = json.loads(boxgauge(*asked, "--json").out)
    assert found["statistics"]["APc"] == found["statistics"]["AP"]
    assert found["statistics"]["APr"] is None
    assert found["left_out"]["dropped"] == 1
    printed = boxgauge(*asked).out
    assert "APc" in printed
    assert "–" in printed


def test_lvis_takes_300_detections_an_image(
    boxgauge: Boxgauge, pair: tuple[Path, Path], graphs_dir: Path
) -> None:
    gt, dt = pair
    federated(gt)
    row = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.5}
    dt.write_text(json.dumps([row] * 310))
    asked = ("eval", "--gt", gt, "--dt", dt, "--format", "lvis", "--graphs", graphs_dir, "--json")
    assert json.loads(boxgauge(*asked).out)["left_out"]["beyond_limit"] == 10
    fewer = json.loads(boxgauge(*asked, "--max-detections", 100).out)
    assert fewer["left_out"]["beyond_limit"] == 210


@pytest.mark.parametrize(
    "option",
    [
        ("--full",),
        ("--html", "page.html"),
        ("--out", "found.csv"),
        ("--iou", "0.5"),
        ("--areas", "all=0:"),
        ("--class-agnostic",),
    ],
    ids=lambda option: option[0],
)
def test_what_lvis_has_no_use_for_is_refused(
    boxgauge: Boxgauge, pair: tuple[Path, Path], option: tuple[str, ...]
) -> None:
    gt, dt = pair
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--format", "lvis", *option)
    assert ended.status == 2
    assert f"{option[0]} must be left out with --format lvis" in ended.err


@pytest.mark.parametrize("option", ["--names", "--sizes"])
def test_what_only_yolo_needs_is_refused_elsewhere(
    boxgauge: Boxgauge, pair: tuple[Path, Path], option: str
) -> None:
    gt, dt = pair
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, option, "x")
    assert ended.err == f"boxgauge: {option} must be given with YOLO's files only: got x\n"


@pytest.mark.parametrize("kind", ["voc", "yolo", "lvis"])
def test_strict_is_cocos_own(boxgauge: Boxgauge, pair: tuple[Path, Path], kind: str) -> None:
    gt, dt = pair
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--format", kind, "--strict")
    assert ended.status == 2
    assert "--strict must be asked of COCO files only" in ended.err


def test_a_folder_of_neither_is_refused(boxgauge: Boxgauge, tmp_path: Path) -> None:
    ended = boxgauge("eval", "--gt", tmp_path, "--dt", "x.json")
    assert ended.status == 2
    assert ".xml (VOC) or .txt (YOLO)" in ended.err
