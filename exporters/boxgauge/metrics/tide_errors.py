"""Which kind of error each detection is, after TIDE, and which ground truths nothing explains."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.segments import dense_rank, take

CLASSIFICATION, LOCALISATION, BOTH, DUPLICATE, BACKGROUND = range(1, 6)


class TideErrors(NamedTuple):
    """What is wrong with each detection, and what each ground truth waits for.

    Attributes:
        kind: 0 a true positive, else 1 classification, 2 localisation, 3 both, 4 duplicate,
            5 background, int64 [d].
        target: Ground truth that a classification or localisation error was meant for, or -1,
            int64 [d].
        fixed: Correcting the error would find its target: nobody has found it, and no
            detection that was meant for it scores higher, bool [d].
        missed: Has to be found, was not, and no detection was meant for it, bool [g].
    """

    kind: Int[Tensor, " d"]
    target: Int[Tensor, " d"]
    fixed: Bool[Tensor, " d"]
    missed: Bool[Tensor, " g"]


def tide_errors(
    dt_label: Int[Tensor, " d"],
    dt_scores: Float[Tensor, " d"],
    dt_found: Bool[Tensor, " d"],
    gt_label: Int[Tensor, " g"],
    gt_counted: Bool[Tensor, " g"],
    gt_found: Bool[Tensor, " g"],
    pair_dt: Int[Tensor, " p"],
    pair_gt: Int[Tensor, " p"],
    overlap: Float[Tensor, " p"],
    iou_threshold: Float[Tensor, " 1"],
    background_iou: Float[Tensor, " 1"],
) -> TideErrors:
    """Return TIDE's kind of error of each detection; the first that applies, in this order.

    With t the threshold, b the background's, over the ground truths that count:

    - localisation: the highest overlap with its own class lies in [b, t];
    - classification: the highest with another class is at least t;
    - duplicate: with one of its own class that was found, at least t;
    - background: with any, at most b;
    - both: none of these.

    Args:
        dt_label: Class of each detection. d² < 2^63.
        dt_scores: Confidence; ties keep the order of the rows.
        dt_found: It is a true positive. All others get a kind, ignored ones too, as TIDE
            has it.
        gt_label: Class of each ground truth.
        gt_counted: It has to be found; no other is looked at.
        gt_found: A true positive took it.
        pair_dt: Detection of each pair of one image; pairs below ``background_iou`` may lack.
        pair_gt: Ground truth of each pair.
        overlap: Overlap of each pair.
        iou_threshold: t, lowest overlap of a match.
        background_iou: b, above 0 and below t: what overlaps nothing by more is background.

    References:
        Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection Errors",
        ECCV 2020, Section 2.2; order and edges of its implementation, tidecv 1.0.1.
    """
    detections, truths = dt_label.shape[0], gt_label.shape[0]
    counted = take(gt_counted, pair_gt)
    own_class = take(dt_label, pair_dt) == take(gt_label, pair_gt)

    def best(flags: Tensor) -> tuple[Tensor, Tensor]:
        """Return each detection's highest flagged overlap, and the first ground truth with it."""
        flagged = torch.where(flags, overlap, torch.zeros_like(overlap))
        highest = overlap.new_zeros(detections).scatter_reduce(0, pair_dt, flagged, "amax")
        is_it = flags & (overlap == take(highest, pair_dt))
        nobody = pair_gt.new_full((detections,), truths)
        which = torch.where(is_it, pair_gt, take(nobody, pair_dt))
        return highest, nobody.scatter_reduce(0, pair_dt, which, "amin")

    own, own_gt = best(counted & own_class)
    other, other_gt = best(counted & ~own_class)
    taken, _ = best(counted & own_class & take(gt_found, pair_gt))

    kind = torch.full_like(dt_label, BOTH)
    kind = torch.where(torch.maximum(own, other) <= background_iou, BACKGROUND, kind)
    kind = torch.where(taken >= iou_threshold, DUPLICATE, kind)
    kind = torch.where(other >= iou_threshold, CLASSIFICATION, kind)
    kind = torch.where((own >= background_iou) & (own <= iou_threshold), LOCALISATION, kind)
    kind = torch.where(dt_found, 0, kind)

    nowhere = torch.full_like(dt_label, truths)
    target = torch.where(kind == CLASSIFICATION, other_gt, nowhere)
    target = torch.where(kind == LOCALISATION, own_gt, target)
    is_open = ~take(torch.cat([gt_found, gt_found.new_ones(1)]), target)

    # Of all that were meant for one ground truth, the highest score may have it.
    place = torch.arange(detections, device=dt_label.device)
    priority = dense_rank(dt_scores) * detections + place
    claimed = torch.where(is_open, target, nowhere)
    unclaimed = priority.new_full((truths + 1,), detections * detections)
    first = unclaimed.scatter_reduce(0, claimed, priority, "amin")
    alone = take(first == unclaimed, torch.arange(truths, device=dt_label.device))
    return TideErrors(
        kind,
        torch.where(target == truths, -1, target),
        is_open & (take(first, target) == priority),
        gt_counted & ~gt_found & alone,
    )
