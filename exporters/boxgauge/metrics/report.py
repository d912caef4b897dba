"""COCO's precision, recall and score curves from what happened to each detection.

Precision can only fall between true positives, so only they are looked at: at the k-th
true positive it is k over the detections that count up to it.
"""

from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from boxgauge.metrics.hits import Hits, list_hits
from boxgauge.metrics.segments import count, expand, starts, take

RECALL_POINTS = 101

# np.spacing(1): what pycocotools adds to the denominator of precision.
_SPACING = 2.0**-52


class Curves(NamedTuple):
    """pycocotools' arrays; -1 where a class has no positives in an area range.

    Attributes:
        precision: Envelope at each recall point, float64 [t, r, k, a, m].
        recall: Recall reached, float64 [t, k, a, m].
        scores: Score at each recall point, float64 [t, r, k, a, m].
    """

    precision: Float[Tensor, "t r k a m"]
    recall: Float[Tensor, "t k a m"]
    scores: Float[Tensor, "t r k a m"]


def report_curves(
    label: Int[Tensor, " n"],
    scores: Float[Tensor, " n"],
    rank: Int[Tensor, " n"],
    code: Int[Tensor, " n"],
    outcomes: Int[Tensor, "p a t"],
    positives: Int[Tensor, "k a"],
    max_detections: Int[Tensor, " m"],
    recall_points: Float[Tensor, " 101"],
) -> Curves:
    """Return COCO's curves from detections and the pattern of outcomes of each.

    Args:
        label: Class of each detection, from 0 to k - 1. The rows are in report order: by
            class, within it by falling score, ties by image and then by rank. n < 2^31.
        scores: Confidence.
        rank: Place by score among the detections of its image and class, from 0.
        code: Row of ``outcomes`` that says what became of it.
        outcomes: Patterns over area ranges and thresholds: 0 false positive, 1 true
            positive, 2 ignored. At least one row, at most 52 area ranges.
        positives: Ground truths to be found.
        max_detections: Detections that count an image and class, ascending, at least 1.
        recall_points: Ascending from 0 to at most 1; COCO's are ``np.linspace(0, 1, 101)``.

    Returns:
        See `Curves`: pycocotools 2.0.11 in all bits.

    References:
        Lin et al., "Microsoft COCO", ECCV 2014; Everingham et al., "The PASCAL Visual
        Object Classes Challenge", IJCV 2010 (interpolated precision).
    """
    (classes, ranges), thresholds = positives.shape, outcomes.shape[2]
    n, limits = label.shape[0], max_detections.shape[0]
    axes = (thresholds, RECALL_POINTS, classes, ranges, limits)
    width = classes * ranges * limits
    hits = list_hits(label, rank, code, outcomes, max_detections, classes)
    cell = _cells(hits, take(label, hits.position), positives, recall_points).reshape(-1)
    cells = (thresholds, width, RECALL_POINTS)

    # A tensor, since ONNX's optimizer takes so small a number for zero.
    spacing = torch.tensor([_SPACING], dtype=torch.float64, device=label.device)
    precision = (hits.tp.double() / (hits.seen.double() + spacing)).reshape(-1)
    best = precision.new_zeros(thresholds * width * RECALL_POINTS)
    best = best.scatter_reduce(0, cell, precision, "amax").reshape(cells)
    nowhere = label.new_zeros(1) + n
    position = hits.position.int().expand(limits, -1).reshape(-1)
    first = nowhere.int().expand(thresholds * width * RECALL_POINTS)
    first = first.scatter_reduce(0, cell, position, "amin").reshape(cells)

    def over_columns(of_class_and_area: Tensor) -> Tensor:
        """Repeat [class, area] over limits: [column]."""
        return of_class_and_area[:, :, None].expand(-1, -1, limits).reshape(-1)

    envelope = torch.stack(_backwards(best, torch.maximum), 1)
    # Recall 0 is reached by the first detection, whatever it is.
    top = over_columns(_top_positions(label, nowhere, classes)[:, None].expand(-1, ranges))
    top = top.int().expand(thresholds, -1)
    place = torch.stack([top, *_backwards(first, torch.minimum)[1:]], 1)

    # Bounds, not choices: ONNX Runtime's Where is slow, and makes 0.0 of the score -0.0.
    is_defined = positives > 0
    most = over_columns(torch.where(is_defined, 1.0, -1.0).double())
    least = over_columns((~is_defined).int() * (nowhere + 1).int())
    pool = torch.cat([scores, scores.new_zeros(1), scores.new_zeros(1) - 1.0])
    found = hits.found.reshape(limits, ranges, thresholds, classes).permute(2, 3, 1, 0)
    recall = found.double() / positives.clamp(min=1).double()[:, :, None]
    return Curves(
        torch.minimum(envelope, most).reshape(axes),
        torch.where(is_defined[:, :, None], recall, -1.0).contiguous(),
        take(pool, torch.maximum(place, least).long().reshape(-1)).reshape(axes),
    )


def _cells(
    hits: Hits,
    of_class: Int[Tensor, " h"],
    positives: Int[Tensor, "k a"],
    recall_points: Float[Tensor, " r"],
) -> Int[Tensor, "m h"]:
    """Return where each hit stands in [t, k, a, m, r]: at the last recall point it reaches."""
    (classes, ranges), limits = positives.shape, hits.tp.shape[0]
    to_find = positives.T.clamp(min=1).reshape(-1)
    last_point, start = _last_points(_needed(to_find, recall_points), to_find)
    pair = hits.area * classes + of_class
    entry = take(start, pair) + torch.minimum(hits.tp, take(to_find, pair).int())
    reached = take(last_point, entry.reshape(-1)).reshape(entry.shape)

    limit = torch.arange(limits, device=of_class.device)[:, None]
    column = ((hits.threshold * classes + of_class) * ranges + hits.area) * limits
    return (column + limit) * RECALL_POINTS + reached


def _needed(positives: Int[Tensor, " p"], recall_points: Float[Tensor, " r"]) -> Int[Tensor, "r p"]:
    """Return the fewest true positives k with k / positives ≥ each recall point."""
    point = recall_points[:, None]
    total = positives.double()
    guess = torch.floor(point * total)
    # The product rounds, the quotient decides: the answer is the guess or next to it.
    short_low = (guess - 1) / total < point
    short = guess / total < point
    return (guess - 1).long() + short_low.long() + (short & short_low).long()


def _last_points(
    needed: Int[Tensor, "r p"], positives: Int[Tensor, " p"]
) -> tuple[Int[Tensor, " entries"], Int[Tensor, " p"]]:
    """Return the last recall point reached by 0, 1, … all positives, and where each list starts."""
    room = positives + 1
    start = starts(room)
    owner, _ = expand(room)
    steps = (start + needed).reshape(-1)
    passed = torch.cumsum(torch.zeros_like(owner).scatter_add(0, steps, torch.ones_like(steps)), 0)
    return passed - owner * RECALL_POINTS - 1, start


def _backwards(
    values: Shaped[Tensor, "t w r"], better: Callable[[Tensor, Tensor], Tensor]
) -> list[Tensor]:
    """Return, for each recall point, the better of all values from it on: [t, w] each."""
    return [*accumulate(reversed(values.permute(0, 2, 1).contiguous().unbind(1)), better)][::-1]


def _top_positions(
    label: Int[Tensor, " n"], nowhere: Int[Tensor, " 1"], classes: int
) -> Int[Tensor, " k"]:
    """Return the first row of each class, ``nowhere`` for a class without detections."""
    detections = count(label, classes)
    return torch.where(detections > 0, starts(detections), nowhere)
