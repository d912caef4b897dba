"""COCO's precision, recall and score curves from what happened to each detection.

Precision can only fall between true positives, so only they are looked at: at the k-th
true positive it is k over the detections that count up to it.
"""

from itertools import accumulate
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.metrics.hits import Hits, list_hits
from boxgauge.metrics.segments import count, order_within, starts, take

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
        label: Class of each detection, from 0 to k - 1. k · n² < 2^63.
        scores: Confidence; ties keep the order of the rows: by image, then by rank.
        rank: Place by score among the detections of its image and class, from 0.
        code: Row of ``outcomes`` that says what became of it.
        outcomes: Patterns over area ranges and thresholds: 0 false positive, 1 true
            positive, 2 ignored. At least one row.
        positives: Ground truths to be found.
        max_detections: Detections that count an image and class, at least 1.
        recall_points: Ascending from 0; COCO's are ``np.linspace(0, 1, 101)``.

    Returns:
        See `Curves`: pycocotools 2.0.11 in all bits.

    References:
        Lin et al., "Microsoft COCO", ECCV 2014; Everingham et al., "The PASCAL Visual
        Object Classes Challenge", IJCV 2010 (interpolated precision).
    """
    ranges, thresholds = outcomes.shape[1], outcomes.shape[2]
    classes, limits = positives.shape[0], max_detections.shape[0]
    order = order_within(label, scores)
    label = take(label, order)
    scores = take(scores, order)
    kept = take(rank, order) < max_detections[:, None]
    hits = list_hits(label, take(code, order), kept, outcomes, classes)

    def over_segments(of_class: Tensor) -> Tensor:
        """Repeat [..., area, class] over limits and thresholds: [..., segment]."""
        lead = of_class.shape[:-2]
        wide = of_class[..., None, :, None, :]
        return wide.expand(*lead, limits, ranges, thresholds, classes).reshape(*lead, -1)

    to_find = over_segments(positives.T)
    needed = over_segments(_needed(positives.T, recall_points))
    found = count(hits.segment, limits * ranges * thresholds * classes)
    envelope, serving = _envelope(hits, found, needed.clamp(min=1))
    recall = found.double() / to_find.clamp(min=1).double()
    defined = to_find > 0

    # Scores are looked up, not selected: ONNX Runtime's Where makes 0.0 of -0.0.
    pool = torch.cat([scores, scores.new_zeros(1), scores.new_zeros(1) - 1.0])
    nowhere = hits.position.new_zeros(1) + scores.shape[0]
    at_hit = torch.cat([hits.position, nowhere])
    top = over_segments(_top_positions(label, nowhere, classes).expand(ranges, -1))
    place = torch.where(needed <= 0, top, take(at_hit, serving.reshape(-1)).reshape(serving.shape))
    place = torch.where(defined, place, nowhere + 1)

    axes = (RECALL_POINTS, limits, ranges, thresholds, classes)
    return Curves(
        torch.where(defined, envelope, -1.0).reshape(axes).permute(3, 0, 4, 2, 1).contiguous(),
        torch.where(defined, recall, -1.0).reshape(axes[1:]).permute(2, 3, 1, 0).contiguous(),
        take(pool, place.reshape(-1)).reshape(axes).permute(3, 0, 4, 2, 1).contiguous(),
    )


def _needed(
    positives: Int[Tensor, "a k"], recall_points: Float[Tensor, " r"]
) -> Int[Tensor, "r a k"]:
    """Return the fewest true positives k with k / positives ≥ each recall point."""
    point = recall_points[:, None, None]
    total = positives.clamp(min=1).double()
    guess = torch.floor(point * total)
    # The product rounds, the quotient decides: the answer is the guess or next to it.
    short_low = (guess - 1) / total < point
    short = guess / total < point
    return (guess - 1).long() + short_low.long() + (short & short_low).long()


def _envelope(
    hits: Hits, found: Int[Tensor, " s"], needed: Int[Tensor, "r s"]
) -> tuple[Float[Tensor, "r s"], Int[Tensor, "r s"]]:
    """Return the highest precision from each recall point on, and the hit that reaches it.

    Where a point is not reached, the precision is 0 and the hit one past the last.
    """
    segments, total = found.shape[0], hits.segment.shape[0]
    first = starts(found)
    k = torch.arange(total, device=found.device) - take(first, hits.segment) + 1
    # A tensor, since ONNX's optimizer takes so small a number for zero.
    spacing = torch.tensor([_SPACING], dtype=torch.float64, device=found.device)
    precision = k.double() / (hits.seen.double() + spacing)

    reached = needed <= found
    serving = torch.where(reached, first + needed - 1, total)
    # A hit serves all recall points up to the last one that it reaches.
    marks = found.new_zeros(total + 1).scatter_add(
        0, serving.reshape(-1), reached.long().reshape(-1)
    )
    before = torch.index_select(starts(reached.long().sum(0)), 0, hits.segment)
    last_point = torch.cumsum(marks, 0)[:-1] - before - 1
    best = precision.new_zeros(RECALL_POINTS * segments).scatter_reduce(
        0, last_point * segments + hits.segment, precision, "amax"
    )
    rows = best.reshape(RECALL_POINTS, segments).unbind(0)
    return torch.stack([*accumulate(reversed(rows), torch.maximum)][::-1]), serving


def _top_positions(
    label: Int[Tensor, " n"], nowhere: Int[Tensor, " 1"], classes: int
) -> Int[Tensor, " k"]:
    """Return the first row of each class, ``nowhere`` for a class without detections."""
    detections = count(label, classes)
    return torch.where(detections > 0, starts(detections), nowhere)
