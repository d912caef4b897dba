"""The true positives of every (limit, area, threshold, class), and what was seen up to each."""

from typing import NamedTuple

import torch
from jaxtyping import Int, Int32
from torch import Tensor

from boxgauge.metrics.seen import seen_usually
from boxgauge.metrics.segments import count, positions, size, starts, take

TRUE_POSITIVE, IGNORED = 1, 2


class Hits(NamedTuple):
    """Rows of true positives by (area range, threshold, class), and counts up to each.

    A few rows are no true positive, or none within a limit. They change no curve: at the
    same number of true positives they have seen more.

    Attributes:
        area: Area range of each listed row.
        threshold: Threshold of each.
        position: Its row among all detections.
        tp: True positives of its limit, area range, threshold and class, up to and with it.
        seen: Detections of these that count, up to and with it.
        found: All true positives, by (area range, threshold, class).
    """

    area: Int[Tensor, " h"]
    threshold: Int[Tensor, " h"]
    position: Int[Tensor, " h"]
    tp: Int32[Tensor, "m h"]
    seen: Int32[Tensor, "m h"]
    found: Int32[Tensor, "m atk"]


def list_hits(
    label: Int[Tensor, " n"],
    rank: Int[Tensor, " n"],
    code: Int[Tensor, " n"],
    outcomes: Int[Tensor, "p a t"],
    max_detections: Int[Tensor, " m"],
    classes: int,
) -> Hits:
    """Return the true positives of detections in report order.

    Whether a detection counts hardly depends on the threshold. So those that count at the
    last threshold are summed once per area range, and the few rows that differ at another
    one are listed with the true positives, as corrections.
    """
    _, ranges, thresholds = outcomes.shape
    limits, combinations = max_detections.shape[0], ranges * thresholds
    is_tp = outcomes == TRUE_POSITIVE
    ignored = (outcomes == IGNORED).int()
    correction = ignored[:, :, -1:] - ignored
    is_listed = is_tp | (correction != 0)

    too_low = _limits_below(rank, max_detections)
    special = take(is_listed.long().sum((1, 2)) > 0, code)
    rows = positions(special)
    usual = (1 - ignored[:, :, -1]).double()
    seen = seen_usually(label, too_low, code, special, usual, limits, classes).int()

    # One flat list over area, threshold and row. The quotient of doubles is exact enough to
    # floor and five times as cheap as one of integers.
    flags = torch.index_select(is_listed, 0, take(code, rows)).permute(1, 2, 0)
    listed = positions(flags.reshape(-1))
    combination = (listed.double() / rows.shape[0]).long()
    row = listed - combination * rows.shape[0]
    position = take(rows, row)
    area_of = torch.arange(ranges, device=label.device)[:, None].expand(ranges, thresholds)
    area = take(area_of.reshape(-1), combination)

    outcome = take(code, position) * combinations + combination
    kept = take(too_low, position) <= torch.arange(limits, device=label.device)[:, None]
    corrections = take(correction.reshape(-1), outcome) * kept
    hits = (take(is_tp.reshape(-1), outcome) & kept).int()

    segment = combination * classes + take(label, position)
    rows_of = count(segment, combinations * classes)
    first = take(starts(rows_of), segment).expand(limits, -1)
    tp = _within(hits, first)
    usual_seen = torch.gather(seen, 1, (area * rows.shape[0] + row).expand(limits, -1))
    last = torch.where(rows_of > 0, torch.cumsum(rows_of, 0) - 1, segment.shape[0])
    found = torch.index_select(torch.cat([tp, tp.new_zeros(limits, 1)], 1), 1, last)
    return Hits(
        area,
        combination - area * thresholds,
        position,
        tp,
        usual_seen + _within(corrections, first),
        found,
    )


def _limits_below(rank: Int[Tensor, " n"], max_detections: Int[Tensor, " m"]) -> Int[Tensor, " n"]:
    """Return how many limits leave each rank out."""
    most = max_detections.amax(0)
    ranks = torch.arange(size(most + 1), device=rank.device)
    below = (ranks >= max_detections[:, None]).long().sum(0)
    return take(below, torch.minimum(rank, most))


def _within(values: Tensor, first: Int[Tensor, "m h"]) -> Tensor:
    """Return the running sums along rows, each from its ``first`` column on."""
    upto = torch.cumsum(values, 1, dtype=values.dtype)
    return upto - torch.gather(upto - values, 1, first)
