"""The true positives of every (limit, area, threshold, class), and what was seen up to each."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from boxgauge.metrics.segments import count, positions, starts, take

TRUE_POSITIVE, IGNORED = 1, 2


class Hits(NamedTuple):
    """True positives, one segment after the other, in falling score within each.

    A segment is one (limit, area range, threshold, class), numbered in that order.

    Attributes:
        segment: Segment of each true positive, ascending.
        position: Its row among all detections.
        seen: Detections of its segment that count, up to and with it.
    """

    segment: Int[Tensor, " h"]
    position: Int[Tensor, " h"]
    seen: Int[Tensor, " h"]


def list_hits(
    label: Int[Tensor, " n"],
    code: Int[Tensor, " n"],
    kept: Bool[Tensor, "m n"],
    outcomes: Int[Tensor, "p a t"],
    classes: int,
) -> Hits:
    """Return the true positives of detections sorted by class and falling score.

    Whether a detection counts hardly depends on the threshold. So those that count at the
    last threshold are summed once per area range, and the few rows that differ at another
    one are kept as corrections, in one list with the true positives.
    """
    _, ranges, thresholds = outcomes.shape
    limits = kept.shape[0]
    is_tp = outcomes == TRUE_POSITIVE
    ignored = (outcomes == IGNORED).long()
    usual = ignored[:, :, -1]
    correction = usual[:, :, None] - ignored

    special = (is_tp | (correction != 0)).long().sum((1, 2)) > 0
    rows = positions(take(special, code))
    pattern = take(code, rows)
    tp = torch.index_select(is_tp, 0, pattern).permute(1, 2, 0)
    correction = torch.index_select(correction, 0, pattern).permute(1, 2, 0)
    in_limit = torch.index_select(kept, 1, rows)[:, None, None, :]
    # One flat list: its coordinates follow by division, cheaper than from nonzero().
    listed = positions((in_limit & (tp | (correction != 0))).reshape(-1))
    width = torch.full_like(usual[:1, 0], 0) + rows.shape[0]
    combination = torch.div(listed, width.clamp(min=1), rounding_mode="floor")
    limit_and_area = torch.div(combination, thresholds, rounding_mode="floor")
    place = torch.remainder(listed, (width * (ranges * thresholds)).clamp(min=1))
    position = take(rows, listed - combination * width)
    of_class = take(label, position)
    segment = combination * classes + of_class

    corrected = torch.cumsum(take(correction.reshape(-1), place), 0)
    first = starts(count(segment, limits * ranges * thresholds * classes))
    corrected = corrected - take(_before(corrected, first), segment)

    counts = kept[:, None, :] & (torch.index_select(usual, 0, code).T == 0)
    upto = torch.cumsum(counts.long(), 2)
    class_first = starts(count(label, classes))
    spare = upto.new_zeros(limits, ranges, 1)
    before_class = torch.index_select(torch.cat([spare, upto], 2), 2, class_first).reshape(-1)
    seen = (
        take(upto.reshape(-1), limit_and_area * label.shape[0] + position)
        - take(before_class, limit_and_area * classes + of_class)
        + corrected
    )
    hits = positions(take(tp.reshape(-1), place))
    return Hits(
        take(segment, hits),
        take(position, hits),
        take(seen, hits),
    )


def _before(sums: Int[Tensor, " n"], first: Int[Tensor, " m"]) -> Int[Tensor, " m"]:
    """Return the running sum just before each row ``first``."""
    return take(torch.cat([sums.new_zeros(1), sums]), first)
