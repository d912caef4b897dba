"""Both sides of images to compare peers on: random, without ties; the sample; shared data."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from boxgauge.engine import (
    Accumulator,
    Engine,
    EvaluationSettings,
    MatchedImages,
    ObjectClass,
    evaluate,
    match_images,
)
from boxgauge.formats import read_detections, read_ground_truth
from boxgauge.frames import Frames, GroundTruths, Predictions

ROOT = Path(__file__).resolve().parents[3]
COCO = EvaluationSettings()
RANDOM = tuple(range(4))
NAMES = (*(f"random {seed}" for seed in RANDOM), "sample", "coco_val2014_100", "voc2007_100")

Boxes = NDArray[np.float64]
F = TypeVar("F", bound=Frames)
A = TypeVar("A", bound=Accumulator)


@dataclass(frozen=True)
class Scene:
    predictions: Predictions
    truths: GroundTruths
    classes: tuple[ObjectClass, ...]

    def untied(self) -> "Scene":
        """Return the scene with scores that do not tie, in the order in which COCO ranks them."""
        order = np.argsort(-self.predictions.scores, kind="stable")
        scores = np.empty(len(order))
        scores[order] = np.linspace(1, 0.001, len(order))
        return replace(self, predictions=replace(self.predictions, scores=scores))

    def without_crowds(self) -> "Scene":
        return replace(self, truths=of_rows(self.truths, ~self.truths.crowd))


def of_rows(frames: F, rows: NDArray[np.bool_]) -> F:
    """Return the frames of these boxes."""
    counts = np.bincount(frames.image_index[rows], minlength=len(frames))
    return type(frames)(frames.image_ids, counts, *(column[rows] for column in frames.columns))


def load(name: str) -> Scene:
    """Return a scene by name; skips the test where shared data are not there."""
    if name.startswith("random"):
        return draw_scene(int(name.split()[1]))
    if name == "sample":
        return read_pair(ROOT / "examples" / "sample")
    folder = os.environ.get("BOXGAUGE_DATA")
    if not folder:
        pytest.skip("BOXGAUGE_DATA names no folder of shared data")
    return read_pair(Path(folder) / name)


@cache
def read_pair(folder: Path) -> Scene:
    truth = read_ground_truth(folder / "ground_truth.json", strict=False)
    predictions, _ = read_detections(folder / "detections.json", truth, strict=False)
    classes = tuple(ObjectClass(each.id, each.name) for each in truth.classes)
    return Scene(predictions, truth.frames, classes)


def draw_scene(seed: int, images: int = 25, *, crowds: bool = True) -> Scene:
    """Return detections that are right, moved, of another class, double or nowhere.

    Coordinates and scores are continuous, so that peers which break ties otherwise agree. The
    last class has no objects.
    """
    draw = np.random.default_rng(seed)
    classes = tuple(ObjectClass(k, f"class {k}") for k in (2, 3, 5, 7))
    ids = range(1, images + 1)
    labels_of = [draw.choice([2, 3, 5], draw.integers(0, 7)) for _ in ids]
    truths_of = [draw_boxes(draw, len(labels)) for labels in labels_of]
    boxes, labels, counts = [], [], []
    for truth, label in zip(truths_of, labels_of, strict=True):
        near = np.repeat(truth, 2, axis=0)
        shift = draw.choice([0.03, 0.15, 0.4], (len(near), 1)) * draw.standard_normal(near.shape)
        near = near + shift * near[:, [2, 3, 2, 3]]
        near[:, 2:] = np.maximum(near[:, 2:], 1)
        wrong = draw.random(len(near)) < 0.25
        named = np.where(wrong, draw.choice([2, 3, 5, 7], len(near)), np.repeat(label, 2))
        far = draw_boxes(draw, int(draw.integers(0, 4)))
        kept = draw.random(len(near)) < 0.8
        boxes += [near[kept], far]
        labels += [named[kept], draw.choice([2, 3, 5, 7], len(far))]
        counts.append(int(kept.sum()) + len(far))
    total = sum(counts)
    gt = np.concatenate(truths_of)
    return Scene(
        Predictions.from_arrays(
            [*ids], counts, np.concatenate(boxes), np.concatenate(labels), draw.random(total)
        ),
        GroundTruths.from_arrays(
            [*ids],
            [len(each) for each in labels_of],
            gt,
            np.concatenate(labels_of),
            crowd=(draw.random(len(gt)) < 0.1) & crowds,
        ),
        classes,
    )


def draw_boxes(draw: np.random.Generator, n: int) -> Boxes:
    return np.concatenate([draw.uniform(0, 300, (n, 2)), draw.uniform(15, 120, (n, 2))], axis=1)


def accumulate(
    engine: Engine, scene: Scene, accumulator: A, settings: EvaluationSettings = COCO
) -> A:
    """Return the accumulator after all images of the scene."""
    evaluate(
        engine,
        scene.predictions,
        scene.truths,
        scene.classes,
        settings,
        accumulators=[accumulator],
    )
    return accumulator


def batches(
    engine: Engine, scene: Scene, parts: Sequence[Sequence[int]], settings: EvaluationSettings
) -> list[MatchedImages]:
    """Return the scene's images at these positions, matched batch by batch."""
    # Both sides of a drawn scene list the same images in the same order.
    sides = [(scene.predictions.take(part), scene.truths.take(part)) for part in parts]
    return [MatchedImages(*each, match_images(engine, *each, settings)) for each in sides]


def coco_files(scene: Scene) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the scene as the contents of a COCO pair of files."""
    truths, found = scene.truths, scene.predictions
    ids = [*truths.image_ids]
    of_truth = [truths.image_ids[k] for k in truths.image_index]
    of_found = [found.image_ids[k] for k in found.image_index]
    annotations = [
        {"id": k + 1, "image_id": i, "category_id": c, "bbox": b, "area": a, "iscrowd": int(crowd)}
        for k, (i, c, b, a, crowd) in enumerate(
            zip(
                of_truth,
                truths.labels.tolist(),
                truths.boxes.tolist(),
                truths.areas.tolist(),
                truths.crowd.tolist(),
                strict=True,
            )
        )
    ]
    detections = [
        {"image_id": i, "category_id": c, "bbox": b, "score": s}
        for i, c, b, s in zip(
            of_found,
            found.labels.tolist(),
            found.boxes.tolist(),
            found.scores.tolist(),
            strict=True,
        )
    ]
    return {
        "images": [{"id": each, "width": 640, "height": 640} for each in ids],
        "categories": [{"id": each.id, "name": each.name} for each in scene.classes],
        "annotations": annotations,
    }, detections


def write_files(scene: Scene, folder: Path) -> tuple[Path, Path]:
    gt, dt = folder / "gt.json", folder / "dt.json"
    truth, detections = coco_files(scene)
    gt.write_text(json.dumps(truth))
    dt.write_text(json.dumps(detections))
    return gt, dt
