"""Measure a trained detector: COCO's AP, and precision and recall at operating points."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from detections import Detections, detect
from detector import Detector
from jaxtyping import Float, Int64
from lessons import as_input, stacked
from scene import Scene
from torch import Tensor

from boxgauge.metrics import evaluate, match_detections, precision_recall

OPERATING_IOU = 0.5
CURVE_RECALLS = tuple(k / 20 for k in range(1, 20))
_BATCH = 16
_SUPPRESSED_FROM = 0.5  # IoU
_ANY_AREA = (0.0, 1e10)


@dataclass(frozen=True)
class Ranking:
    """Detections of a split by falling score, at IoU 0.5.

    Attributes:
        scores: [d], falling.
        outcome: [d]; 1 a true positive, 0 a false one, 2 neither (inside a heap).
        positives: Objects to be found.
    """

    scores: Float[Tensor, " d"]
    outcome: Int64[Tensor, " d"]
    positives: int


@torch.no_grad()
def detect_all(model: Detector, scenes: Sequence[Scene]) -> list[Detections]:
    """Return the hundred best detections of each scene, whatever their scores.

    A ranking loss leaves scores anywhere, so no threshold is asked of them here.
    """
    pictures = stacked(scenes)
    height, width = pictures.shape[-2:]
    found = []
    for first in range(0, len(pictures), _BATCH):
        for logits, boxes in zip(*model(as_input(pictures[first : first + _BATCH])), strict=True):
            found.append(
                detect(
                    logits,
                    boxes,
                    size=(height, width),
                    score_threshold=0.0,
                    iou_threshold=_SUPPRESSED_FROM,
                )
            )
    return found


def statistics(found: Sequence[Detections], scenes: Sequence[Scene]) -> dict[str, float | None]:
    """Return COCO's 12 statistics: pycocotools' numbers, by the project's own metrics."""
    return evaluate(
        [{"boxes": d.boxes, "scores": d.scores, "labels": d.labels} for d in found],
        [
            {
                "boxes": torch.from_numpy(scene.boxes),
                "labels": torch.from_numpy(scene.labels),
                "iscrowd": torch.from_numpy(scene.iscrowd),
            }
            for scene in scenes
        ],
    )


def class_ap(found: Sequence[Detections], scenes: Sequence[Scene], label: int) -> float | None:
    """Return the AP of one class, None where the scenes have none of it."""
    ours = [
        Detections(d.boxes[kept], d.scores[kept], d.labels[kept])
        for d, kept in ((d, d.labels == label) for d in found)
    ]
    theirs = [
        Scene(scene.image, scene.boxes[kept], scene.labels[kept], scene.iscrowd[kept])
        for scene, kept in ((scene, scene.labels == label) for scene in scenes)
    ]
    return statistics(ours, theirs)["AP"]


def ranking(found: Sequence[Detections], scenes: Sequence[Scene]) -> Ranking:
    """Return what became of each detection at IoU 0.5, all classes in one ranking."""
    truth = torch.cat([torch.from_numpy(scene.boxes) for scene in scenes])
    crowd = torch.cat([torch.from_numpy(scene.iscrowd) for scene in scenes])
    boxes = torch.cat([each.boxes for each in found])
    scores = torch.cat([each.scores for each in found])
    matching = match_detections(
        _image_of([len(each.scores) for each in found]),
        torch.cat([each.labels for each in found]),
        _xywh(boxes),
        scores,
        _image_of([len(scene.labels) for scene in scenes]),
        torch.cat([torch.from_numpy(scene.labels) for scene in scenes]),
        _xywh(truth),
        _xywh(truth)[:, 2:].prod(1),
        crowd,
        torch.zeros_like(crowd),
        torch.tensor([OPERATING_IOU], dtype=torch.float64),
        torch.tensor([_ANY_AREA], dtype=torch.float64),
        torch.tensor([100]),
    )
    right = (matching.match[0, 0] >= 0).long()
    # Whoever has no candidate is wrong, or outside the range.
    outcome = torch.where(matching.outside[0], 2, 0)
    outcome[matching.candidate] = torch.where(matching.ignored[0, 0], 2, right)
    order = scores.argsort(descending=True, stable=True)
    return Ranking(scores[order], outcome[order], int((~crowd).sum()))


def best_f1_threshold(ranked: Ranking) -> float:
    """Return the score from which on detections have the greatest F1, the higher one on ties."""
    found, kept = _cumulative(ranked)
    f1 = 2 * found / (kept + ranked.positives)
    return _threshold_at(ranked, int(np.argmax(f1)))


def recall_threshold(ranked: Ranking, recall: float) -> float | None:
    """Return the highest score from which on detections reach a recall, None if none does."""
    found, _ = _cumulative(ranked)
    reached = np.flatnonzero(found >= recall * ranked.positives)
    return _threshold_at(ranked, int(reached[0])) if len(reached) else None


def precision_curve(ranked: Ranking) -> list[float]:
    """Return the precision where each of ``CURVE_RECALLS`` is first reached, 0 where none is."""
    curve = []
    for recall in CURVE_RECALLS:
        threshold = recall_threshold(ranked, recall)
        reached = None if threshold is None else at_threshold(ranked, threshold)
        curve.append(0.0 if reached is None else round(reached["precision"], 4))
    return curve


def at_threshold(ranked: Ranking, threshold: float) -> dict[str, float]:
    """Return precision, recall and F1 of the detections with at least a score."""
    made = precision_recall(
        ranked.scores,
        ranked.outcome.to(torch.int8),
        torch.tensor([ranked.positives]),
        torch.tensor([threshold], dtype=torch.float64),
    )
    tp, fp, fn = int(made.tp), int(made.fp), int(made.fn)
    return {
        "precision": float(made.precision),
        "recall": float(made.recall),
        "f1": 2 * tp / max(2 * tp + fp + fn, 1),
    }


def _cumulative(ranked: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """Return true positives and detections that count, at the last row of each score."""
    outcome = ranked.outcome.numpy()
    found, kept = np.cumsum(outcome == 1), np.cumsum(outcome != 2)
    scores = ranked.scores.numpy()
    last = np.append(scores[:-1] != scores[1:], True)
    return np.where(last, found, 0), kept


def _threshold_at(ranked: Ranking, row: int) -> float:
    return float(ranked.scores[row])


def _image_of(counts: Sequence[int]) -> Int64[Tensor, " n"]:
    return torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))


def _xywh(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    return torch.cat([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
