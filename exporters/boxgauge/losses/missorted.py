"""Sums of the ramp H over the pairs of positives of which one is better localised.

Two different ranks of quality differ in a first bit, counted from the top. So every pair is
met exactly once when, for each bit, positives that agree in all bits above make a group, and
within a group those with a 0, the better, are paired with those with a 1. In a group that is
in the order of scores, sums over such pairs are prefix sums, as in ``ramp_sums``.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.metrics.segments import dense_rank

MAX_POSITIVES = 2**20


class Missorted(NamedTuple):
    """The pairs of positives of different quality, a level for each bit of their ranks."""

    levels: "tuple[_Level, ...]"

    def sum_above(self, weight: Float[Tensor, "p"]) -> Float[Tensor, "p"]:
        """Return the sum over k worse than i of w_k H(s_k - s_i), for each positive i."""
        return torch.stack([level.sum_above(weight) for level in self.levels]).sum(0)

    def sum_below(self, share: Float[Tensor, "p"]) -> Float[Tensor, "p"]:
        """Return the sum over i better than k of share_i H(s_k - s_i), for each positive k."""
        return torch.stack([level.sum_below(share) for level in self.levels]).sum(0)


class _Level(NamedTuple):
    """Scores and the two ends of their ramps, in ascending order within their groups."""

    group: Int[Tensor, "p"]
    is_worse: Float[Tensor, "p"]
    """The bit of each positive: 1 for the worse of a group, 0 for the better."""
    owner: Int[Tensor, "3p"]
    """The positive that each is of."""
    gap: Float[Tensor, "3p"]
    """From each to the next, in widths of a ramp; 0 after the last of a group, and at most 1, as
    in ``Ramps``."""
    low: Int[Tensor, "p"]
    """Where in this order the ramp of each positive begins."""
    place: Int[Tensor, "p"]
    """Where its score is."""
    high: Int[Tensor, "p"]
    """Where its ramp ends."""

    def sum_above(self, weight: Float[Tensor, "p"]) -> Float[Tensor, "p"]:
        """Return the sum over the worse k of a group, for each of its better."""
        worse = weight * self.is_worse
        _, upto_group = self._by_group(worse)
        passed = torch.zeros_like(self.gap).scatter(0, self.place, worse).cumsum(0)
        # The weight above a score, integrated over a ramp.
        above = torch.gather(upto_group, 0, self.owner) - passed
        area = above * self.gap
        area_before = area.cumsum(0) - area
        return (1 - self.is_worse) * (
            torch.gather(area_before, 0, self.high) - torch.gather(area_before, 0, self.low)
        )

    def sum_below(self, share: Float[Tensor, "p"]) -> Float[Tensor, "p"]:
        """Return the sum over the better i of a group, for each of its worse."""
        better = share * (1 - self.is_worse)
        before_group, _ = self._by_group(better)
        turns = torch.zeros_like(self.gap).scatter(0, self.low, better)
        slope = turns.scatter(0, self.high, -better).cumsum(0)
        rise = slope * self.gap
        level = rise.cumsum(0) - rise
        return self.is_worse * (torch.gather(level, 0, self.place) - before_group)

    def _by_group(self, values: Float[Tensor, "p"]) -> tuple[Tensor, Tensor]:
        """Return, for each positive, the sums of all groups before its own and up to it."""
        totals = torch.zeros_like(values).scatter_add(0, self.group, values)
        upto = totals.cumsum(0)
        before = upto - totals
        return torch.gather(before, 0, self.group), torch.gather(upto, 0, self.group)


def missorted_pairs(
    scores: Float[Tensor, "p"], quality: Float[Tensor, "p"], delta: float
) -> Missorted:
    """Return the pairs of positives, whose scores ascend, of different quality."""
    positives = scores.shape[0]
    # While exporting, the number of positives is a symbol: every bit there may be is looked at.
    most = positives if isinstance(positives, int) else MAX_POSITIVES
    if most > MAX_POSITIVES:
        raise ValueError(f"at most {MAX_POSITIVES} positives can be sorted at once: got {most}")
    ranks = dense_rank(quality)
    ends, order = torch.cat((scores - delta, scores, scores + delta)).sort()
    owner = torch.gather(torch.arange(positives).repeat(3), 0, order)
    bits = max(most - 1, 1).bit_length()
    return Missorted(
        tuple(_level(ranks, ends, order, owner, 2 * delta, bit) for bit in range(bits))
    )


def _level(
    ranks: Int[Tensor, "p"],
    ends: Float[Tensor, "3p"],
    order: Int[Tensor, "3p"],
    owner: Int[Tensor, "3p"],
    width: float,
    bit: int,
) -> _Level:
    group, place = ranks >> (bit + 1), torch.arange(order.shape[0])
    # The place makes the keys distinct: the sort need not be stable.
    arranged = (torch.gather(group, 0, owner) * order.shape[0] + place).sort().indices
    ends, order, owner = (torch.gather(each, 0, arranged) for each in (ends, order, owner))
    of_group = torch.gather(group, 0, owner)
    following = torch.cat((of_group[1:], of_group[-1:]))
    gap = (torch.cat((ends[1:], ends[-1:])) - ends) / width
    low, place, high = torch.zeros_like(order).scatter(0, order, place).reshape(3, -1).unbind(0)
    return _Level(
        group,
        is_worse=((ranks >> bit) & 1).double(),
        owner=owner,
        gap=torch.where(following == of_group, gap.clamp(max=1.0), 0.0),
        low=low,
        place=place,
        high=high,
    )
