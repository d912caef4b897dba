"""Average precision where only expected counts are known."""

import torch
from jaxtyping import Float64
from torch import Tensor

from boxgauge.metrics.report import RECALL_POINTS

# Sums whose difference is a smaller share of them are equal but for rounding.
_ROUNDING = 2.0**-40


def expected_average_precision(
    tp: Float64[Tensor, "k b"],
    fp: Float64[Tensor, "k b"],
    positives: Float64[Tensor, "k"],
    recall_points: Float64[Tensor, "101"],
) -> Float64[Tensor, "k"]:
    """Return the average precision of each class that its expected counts give.

    Within a bin true and false positives come evenly mixed. Precision at a recall point is
    the highest one reached there or beyond, and 0 beyond the last recall reached, as COCO's;
    with whole counts and many bins both agree.

    Args:
        tp: Expected true positives by bin, the highest scores first, at least 0; b > 0.
        fp: Expected false positives, likewise.
        positives: Expected objects to be found; at least the sum of ``tp``, else that sum.
        recall_points: Evenly spaced from 0 to 1.

    Returns:
        In [0, 1]; 0 for a class without positives.

    References:
        Lin et al., "Microsoft COCO", ECCV 2014; pycocotools 2.0.11 (101 recall points).
    """
    hits, misses = torch.cumsum(tp, 1), torch.cumsum(fp, 1)
    seen = hits + misses
    # From the last bin on: the best precision at any bin's end from there on.
    at_end = hits / torch.where(seen > 0, seen, 1.0)
    later = (at_end[:, None, :] * _upper(tp)).amax(2)

    wanted = positives.maximum(hits[:, -1])[:, None] * recall_points
    # The first bin that reaches the recall. A product: runtimes sum integers slowly.
    short = (wanted[:, None, :] - hits[:, :, None]) > _ROUNDING * wanted[:, None, :]
    place = (torch.ones_like(tp)[:, None, :] @ short.double())[:, 0].long()
    reached = place < tp.shape[1]
    place = place.clamp(max=tp.shape[1] - 1)

    hits_at, tp_at = torch.gather(hits, 1, place), torch.gather(tp, 1, place)
    fp_at = torch.gather(fp, 1, place)
    before, missed = hits_at - tp_at, torch.gather(misses, 1, place) - fp_at
    within = torch.where(tp_at > 0, (wanted - before) / torch.where(tp_at > 0, tp_at, 1.0), 1.0)
    within = within.clamp(min=0, max=1)
    found = before + within * tp_at
    all_there = found + missed + within * fp_at
    inside = found / torch.where(all_there > 0, all_there, 1.0)
    best = inside.maximum(torch.gather(later, 1, place))
    return torch.where(reached & (positives > 0)[:, None], best, 0.0).sum(1) / RECALL_POINTS


def _upper(tp: Float64[Tensor, "k b"]) -> Float64[Tensor, "1 b b"]:
    """Return 1 where the column is the row or later, else 0."""
    place = torch.arange(tp.shape[1], device=tp.device)
    return (place[None, :] >= place[:, None]).double()[None]
