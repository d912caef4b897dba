"""The same set in another format gives the same figures."""

import json
import os
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from boxgauge.engine import Engine, EvaluationSettings, ObjectClass, evaluate
from boxgauge.engine.analysis import FederatedLabels, VocSettings, evaluate_lvis, evaluate_voc
from boxgauge.engine.sides import select_rows
from boxgauge.formats import (
    CocoGroundTruth,
    read_detections,
    read_ground_truth,
    read_lvis,
    read_voc,
    read_yolo,
    read_yolo_detections,
    write_detections,
    write_voc,
    write_yolo,
)
from boxgauge.formats.voc_folder import VocCorners
from boxgauge.frames import ImageId, Predictions
from tests.engine.analysis.lvis_scenes import draw
from tests.reference import lvis

DATA = os.environ.get("BOXGAUGE_DATA", "")
SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"


def pair(folder: Path) -> tuple[CocoGroundTruth, Predictions]:
    truth = read_ground_truth(folder / "ground_truth.json")
    return truth, read_detections(folder / "detections.json", truth)[0]


def sizes(folder: Path) -> dict[ImageId, tuple[int, int]]:
    images = json.loads((folder / "ground_truth.json").read_text())["images"]
    return {each["id"]: (each["width"], each["height"]) for each in images}


@pytest.mark.skipif(not DATA, reason="BOXGAUGE_DATA names no folder with voc2007_100")
@pytest.mark.parametrize("corners", ["points", "pixels"])
def test_voc2007_through_xml_has_padilla_s_figures(
    engine: Engine, tmp_path: Path, corners: VocCorners
) -> None:
    coco, predictions = pair(Path(DATA) / "voc2007_100")
    write_voc(tmp_path / "xml", coco.frames, coco.classes)
    named = replace(predictions, image_ids=tuple(map(str, predictions.image_ids)))
    if corners == "pixels":
        # What VOC calls the pixels 1 to 5 lies between the edges 0 and 5.
        boxes = named.boxes.copy()
        boxes[:, :2] -= 1
        boxes[:, 2:] += 1
        named = replace(named, boxes=boxes)
    write_detections(tmp_path / "results.json", named)

    names = [each.name for each in coco.classes]
    truth = read_voc(tmp_path / "xml", classes=names, corners=corners)
    found, _ = read_detections(tmp_path / "results.json", truth)
    classes = tuple(ObjectClass(each.id, each.name) for each in truth.classes)
    asked = VocSettings((0.5, 0.75), inclusive=corners == "points")
    means = evaluate_voc(engine, found, truth.frames, classes, asked).means
    expected = json.loads((Path(DATA) / "expected.json").read_text())["voc2007_100"]["voc"]
    assert [value for at in means for value in (at.all_point, at.eleven_point)] == [
        *expected.values()
    ]


@pytest.mark.parametrize("seed", range(5))
def test_lvis_files_have_the_figures_of_loops_over_them(
    engine: Engine, tmp_path: Path, seed: int
) -> None:
    document, results = draw(seed, 8)
    (tmp_path / "lvis.json").write_text(json.dumps(document))
    (tmp_path / "results.json").write_text(json.dumps(results))
    truth = read_lvis(tmp_path / "lvis.json")
    found, _ = read_detections(tmp_path / "results.json", truth.coco)
    classes = tuple(ObjectClass(each.id, each.name) for each in truth.coco.classes)
    labels = FederatedLabels(truth.frequencies, truth.negatives, truth.not_exhaustive)
    report = evaluate_lvis(engine, found, truth.coco.frames, classes, labels)
    assert [*astuple(report.statistics)] == lvis.statistics(document, results)


def test_the_sample_through_yolo_has_the_same_average_precision(
    engine: Engine, tmp_path: Path
) -> None:
    coco, predictions = pair(SAMPLE)
    classes = tuple(ObjectClass(each.id, each.name) for each in coco.classes)
    known = sizes(SAMPLE)
    labelled = select_rows(coco.frames, ~coco.frames.crowd)  # of which YOLO has none
    write_yolo(tmp_path / "labels", labelled, known)
    write_yolo(tmp_path / "found", predictions, known)
    truth = read_yolo(tmp_path / "labels", coco.classes, known)
    found, _ = read_yolo_detections(tmp_path / "found", truth)
    assert truth.image_ids == coco.image_ids
    ours = evaluate(engine, found, truth.frames, classes, EvaluationSettings()).report
    theirs = evaluate(engine, predictions, labelled, classes, EvaluationSettings()).report
    assert pytest.approx(theirs.statistics.AP, abs=1e-4) == ours.statistics.AP
    assert ours.positives == theirs.positives
