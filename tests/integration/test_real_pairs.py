"""Real pairs of files, all classes as one and class by class: pycocotools' bits everywhere."""

import contextlib
import io
import os
from pathlib import Path

import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from boxgauge.engine import Engine, EvaluationSettings, ObjectClass, evaluate
from boxgauge.engine.analysis import Averages
from boxgauge.formats import read_detections, read_ground_truth
from boxgauge.frames import GroundTruths, Predictions
from boxgauge.metrics import MeanAveragePrecision

SAMPLE = Path(__file__).parents[2] / "examples" / "sample"
SHARED = ("coco_val2014_100", "voc2007_100")


@pytest.fixture(params=["sample", *SHARED])
def folder(request: pytest.FixtureRequest) -> Path:
    if request.param == "sample":
        return SAMPLE
    given = os.environ.get("BOXGAUGE_DATA")
    if not given:
        pytest.skip("BOXGAUGE_DATA names no folder of shared data")
    return Path(given) / str(request.param)


def pycocotools(folder: Path, *, use_cats: bool) -> COCOeval:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(folder / "ground_truth.json"))
        found = COCOeval(truth, truth.loadRes(str(folder / "detections.json")), "bbox")
        found.params.useCats = int(use_cats)
        found.evaluate()
        found.accumulate()
        found.summarize()
    return found


def tensors(frames: Predictions | GroundTruths, **keys: str) -> list[dict[str, torch.Tensor]]:
    """Return one mapping an image, by ascending image id."""
    names = {"boxes": "boxes", "labels": "labels"} | keys
    ids = {image_id: k for k, image_id in enumerate(frames.image_ids)}
    return [
        {
            key: torch.from_numpy(getattr(frames, name)[slice(*frames.offsets[k : k + 2])].copy())
            for key, name in names.items()
        }
        for k in (ids[image_id] for image_id in sorted(ids))
    ]


@pytest.mark.parametrize("use_cats", [True, False])
def test_a_real_pair_equals_pycocotools(engine: Engine, folder: Path, use_cats: bool) -> None:
    expected = pycocotools(folder, use_cats=use_cats)
    defined = [value for value in expected.stats.tolist() if value > -1]
    truth = read_ground_truth(folder / "ground_truth.json")
    predictions, _ = read_detections(folder / "detections.json", truth)
    classes = tuple(ObjectClass(each.id, each.name) for each in truth.classes)
    asked = EvaluationSettings(class_agnostic=not use_cats)

    report = evaluate(engine, predictions, truth.frames, classes, asked).report
    for name in ("precision", "recall", "scores"):
        assert getattr(report.curves, name).tobytes() == expected.eval[name].tobytes(), name
    assert [value for value in Averages(report).named().values() if value is not None] == defined

    metric = MeanAveragePrecision(box_format="xywh", average="macro" if use_cats else "micro")
    both = predictions.take(
        [predictions.image_ids.index(image_id) for image_id in truth.frames.image_ids]
    )
    preds = tensors(both, scores="scores")
    targets = tensors(truth.frames, area="areas", iscrowd="crowd", ignore="ignore")
    for start in range(0, len(preds), 7):
        metric.update(preds[start : start + 7], targets[start : start + 7])
    assert [value.item() for value in metric.compute().values() if not value.ndim] == defined
