"""Turn the detector's raw output into detections: threshold, NMS, the best hundred."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

_CANDIDATES = 500


@dataclass(frozen=True)
class Detections:
    """Detections of one image, best first; boxes in corner form, pixels; float64."""

    boxes: Float[Tensor, "d 4"]
    scores: Float[Tensor, " d"]
    labels: Int64[Tensor, " d"]


def detect(
    logits: Float[Tensor, "l c"],
    boxes: Float[Tensor, "l 4"],
    *,
    size: tuple[int, int],
    score_threshold: float = 0.01,
    iou_threshold: float = 0.6,
    most: int = 100,
) -> Detections:
    """Return the detections that survive class-wise greedy non-maximum suppression.

    Scores are the sigmoid of the logits in float64. Boxes are cut at the edges of the
    image, whose height and width ``size`` is.
    """
    scores, order = logits.double().sigmoid().flatten().sort(descending=True, stable=True)
    order = order[:_CANDIDATES][scores[:_CANDIDATES] >= score_threshold]
    scores = scores[: len(order)]
    labels = order % logits.shape[1]
    height, width = size
    edges = torch.tensor([width, height, width, height], dtype=torch.float64)
    corners = boxes.double()[order // logits.shape[1]].clamp(min=0).minimum(edges)
    kept = _suppress(corners, labels, iou_threshold=iou_threshold)[:most]
    return Detections(corners[kept], scores[kept], labels[kept])


def _suppress(
    boxes: Float[Tensor, "d 4"], labels: Int64[Tensor, " d"], *, iou_threshold: float
) -> Int64[Tensor, " k"]:
    """Return the rows, best first, that no better kept box of their class overlaps too far."""
    sides = (
        torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
        - torch.maximum(boxes[:, None, :2], boxes[:, :2])
    ).clamp(min=0)
    overlap = sides.prod(-1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    union = area[:, None] + area - overlap
    rivals = (overlap > iou_threshold * union) & (labels[:, None] == labels)
    kept = torch.ones(len(boxes), dtype=torch.bool)
    for row in range(len(boxes)):
        if kept[row]:
            kept[row + 1 :] &= ~rivals[row, row + 1 :]
    return kept.nonzero().flatten()
