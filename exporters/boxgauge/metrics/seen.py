"""How many detections count up to each of a few rows, summed up between these rows only."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.segments import count, dense_rank, extent, positions, starts, take


def seen_usually(
    label: Int[Tensor, " n"],
    too_low: Int[Tensor, " n"],
    code: Int[Tensor, " n"],
    special: Bool[Tensor, " n"],
    counts: Float[Tensor, "p a"],
    limits: int,
    classes: int,
) -> Float[Tensor, "m ar"]:
    """Return how many of the same class count up to and with each special row.

    Detections between two special rows are first counted by kind: by the limits and area
    ranges that count them, of which few combinations occur. Only these counts are then
    turned into counts by limit and area range, and summed up.

    Args:
        label: Class of each detection, ascending.
        too_low: How many limits leave it out: the first ones.
        code: Row of ``counts``.
        special: The rows that are asked for.
        counts: 1 where detections of a pattern count in an area range, else 0; at most 52
            area ranges.
        limits: How many there are.
        classes: How many there are.

    Returns:
        Whole numbers, [limit, area · special row].
    """
    ranges = counts.shape[1]
    # A number that says which area ranges count the pattern.
    bits = torch.exp2(torch.arange(ranges, device=label.device).double())
    pattern_kind = dense_rank((counts * bits).sum(1))
    kinds = extent(pattern_kind)
    columns = (limits + 1) * kinds

    # A bucket ends with each special row and with each class.
    ends = special.long()
    bucket = torch.cumsum(ends, 0) - ends + label
    rows = positions(special)
    row_class = take(label, rows)
    buckets = rows.shape[0] + classes
    cell = bucket * columns + too_low * kinds + take(pattern_kind, code)
    ones = torch.ones_like(label, dtype=torch.float64)
    counted = ones.new_zeros(buckets * columns).scatter_add(0, cell, ones)

    of_kind = counts.new_zeros(kinds, ranges).scatter_reduce(
        0, pattern_kind[:, None].expand(-1, ranges), counts, "amax"
    )
    limit = torch.arange(limits + 1, device=label.device)
    is_within = (limit[:, None] <= limit[:-1]).double()
    weights = is_within[:, None, :, None] * of_kind[None, :, None, :]
    steps = counted.reshape(buckets, columns) @ weights.reshape(columns, limits * ranges)
    upto = torch.cumsum(steps, 0)

    class_start = starts(count(row_class, classes)) + torch.arange(classes, device=label.device)
    before = torch.index_select(upto - steps, 0, take(class_start, row_class))
    seen = torch.index_select(upto, 0, take(bucket, rows)) - before
    return seen.T.reshape(limits, -1)
