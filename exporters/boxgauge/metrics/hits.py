"""The true positives of every (limit, area, threshold, class), and what was seen up to each."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from boxgauge.metrics.segments import count, positions, starts

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
    rows = positions(torch.index_select(special, 0, code))
    pattern = torch.index_select(code, 0, rows)
    tp = torch.index_select(is_tp, 0, pattern).permute(1, 2, 0)
    correction = torch.index_select(correction, 0, pattern).permute(1, 2, 0)
    in_limit = torch.index_select(kept, 1, rows)[:, None, None, :]
    limit, area, threshold, row = torch.nonzero(in_limit & (tp | (correction != 0))).unbind(1)

    combination = (limit * ranges + area) * thresholds + threshold
    position = torch.index_select(rows, 0, row)
    segment = combination * classes + torch.index_select(label, 0, position)
    place = (area * thresholds + threshold) * rows.shape[0] + row
    corrected = torch.cumsum(torch.index_select(correction.reshape(-1), 0, place), 0)
    entries = count(segment, limits * ranges * thresholds * classes)
    corrected = corrected - _before(corrected, torch.index_select(starts(entries), 0, segment))

    counts = kept[:, None, :] & (torch.index_select(usual, 0, code).T == 0)
    upto = torch.cumsum(counts.long(), 2).reshape(-1)
    line = (limit * ranges + area) * label.shape[0]
    class_first = torch.index_select(starts(count(label, classes)), 0, label)
    first = line + torch.index_select(class_first, 0, position)
    outside = torch.index_select(counts.long().reshape(-1), 0, first)
    seen = (
        torch.index_select(upto, 0, line + position)
        - (torch.index_select(upto, 0, first) - outside)
        + corrected
    )
    hits = positions(torch.index_select(tp.reshape(-1), 0, place))
    return Hits(
        torch.index_select(segment, 0, hits),
        torch.index_select(position, 0, hits),
        torch.index_select(seen, 0, hits),
    )


def _before(sums: Int[Tensor, " n"], first: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
    """Return the running sum just before each row ``first``."""
    return torch.index_select(torch.cat([sums.new_zeros(1), sums]), 0, first)
