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

from boxgauge.metrics.segments import dense_rank, take

_BITS = 20
MAX_POSITIVES = 2**_BITS


class Missorted(NamedTuple):
    """The groups of all bits one after another: m members, bits times positives.

    The places are those of the members' scores and of the ends of their ramps: group by
    group, ascending.
    """

    bits: int
    group: Int[Tensor, "m"]
    is_worse: Float[Tensor, "m"]
    """The bit of each member: 1 for the worse of its group, 0 for the better."""
    owner: Int[Tensor, "3m"]
    """The member whose score or end is at a place."""
    gap: Float[Tensor, "3m"]
    """From each place to the next, in widths of a ramp; 0 after the last of a group, and at
    most 1, as in ``Ramps``."""
    low: Int[Tensor, "m"]
    """The place where the ramp of each member begins."""
    middle: Int[Tensor, "m"]
    """The place of its score."""
    high: Int[Tensor, "m"]
    """The place where its ramp ends."""

    def sum_above(self, weight: Float[Tensor, "p"]) -> Float[Tensor, "p"]:
        """Return the sum over k worse than i of w_k H(s_k - s_i), for each positive i."""
        worse = weight.repeat(self.bits) * self.is_worse
        _, upto_group = self._by_group(worse)
        passed = torch.zeros_like(self.gap).scatter(0, self.middle, worse).cumsum(0)
        # The weight above a score, integrated over a ramp.
        area = (take(upto_group, self.owner) - passed) * self.gap
        before = area.cumsum(0) - area
        sums = (1 - self.is_worse) * (take(before, self.high) - take(before, self.low))
        return sums.reshape(self.bits, weight.shape[0]).sum(0)

    def sum_below(self, share: Float[Tensor, "p"]) -> Float[Tensor, "p"]:
        """Return the sum over i better than k of share_i H(s_k - s_i), for each positive k."""
        better = share.repeat(self.bits) * (1 - self.is_worse)
        before_group, _ = self._by_group(better)
        turns = torch.zeros_like(self.gap).scatter(0, self.low, better)
        rise = turns.scatter(0, self.high, -better).cumsum(0) * self.gap
        level = rise.cumsum(0) - rise
        sums = self.is_worse * (take(level, self.middle) - before_group)
        return sums.reshape(self.bits, share.shape[0]).sum(0)

    def _by_group(self, values: Float[Tensor, "m"]) -> tuple[Tensor, Tensor]:
        """Return, for each member, the sums of all groups before its own and up to it."""
        totals = torch.zeros_like(values).scatter_add(0, self.group, values)
        upto = totals.cumsum(0)
        return take(upto - totals, self.group), take(upto, self.group)


def missorted_pairs(
    scores: Float[Tensor, "p"], quality: Float[Tensor, "p"], delta: float
) -> Missorted:
    """Return the pairs of positives, whose scores ascend, of different quality.

    Raises:
        ValueError: There are more than 2**20 positives.
    """
    positives = scores.shape[0]
    # While exporting, the number of positives is a symbol: every bit there may be counts.
    is_known = isinstance(positives, int)
    if is_known and positives > MAX_POSITIVES:
        raise ValueError(f"at most {MAX_POSITIVES} positives can be sorted: got {positives}")
    bits = max(positives - 1, 1).bit_length() if is_known else _BITS
    bit = torch.arange(bits, device=scores.device).unsqueeze(1)
    power = torch.tensor([[2**each] for each in range(bits)], device=scores.device)
    ranks = dense_rank(quality)
    above = torch.div(ranks, 2 * power, rounding_mode="floor")
    is_worse = torch.div(ranks, power, rounding_mode="floor") - 2 * above
    # No bit has more groups than there are positives.
    group = (above + bit * positives).flatten()

    # Scores and ends of one bit in ascending order, then of all bits by group. The place makes
    # the keys distinct: the sort need not be stable.
    ends, order = torch.cat((scores - delta, scores, scores + delta)).sort()
    row = take(torch.arange(positives, device=scores.device).repeat(3), order)
    member = (row + bit * positives).flatten()
    places = torch.arange(member.shape[0], device=scores.device)
    arranged = (take(group, member) * member.shape[0] + places).sort().indices
    owner, ends = take(member, arranged), take(ends.repeat(bits), arranged)
    of_group = take(group, owner)
    gap = (_next(ends) - ends) / (2 * delta)

    own = take((order + bit * order.shape[0]).flatten(), arranged)
    found = torch.zeros_like(own).scatter(0, own, places).reshape(bits, 3, positives)
    low, middle, high = found.transpose(0, 1).flatten(1).unbind(0)
    return Missorted(
        bits,
        group,
        is_worse=is_worse.double().flatten(),
        owner=owner,
        gap=torch.where(_next(of_group) == of_group, gap.clamp(max=1.0), 0.0),
        low=low,
        middle=middle,
        high=high,
    )


def _next(values: Tensor) -> Tensor:
    """Return the value after each, and after the last the last again."""
    return torch.cat((values[1:], values[-1:]))
