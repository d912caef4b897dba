"""Sums of the ramp H over all pairs of a row and a positive, without a pass over the pairs.

As a function of one score, a sum over the positives of H(score - s_i) is made of straight
pieces between the knots s_i - delta and s_i + delta; and a sum over rows of H(s_k - s_i) is
the mean, over the ramp of positive i, of how many rows are above. So a row needs to know no
more than its piece, and a positive no more than its two knots.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

# A number that float32 holds, as ONNX export rounds constants to it; infinity makes NaN.
_BELOW_ALL = -(2.0**120)


class Pieces(NamedTuple):
    """Where rows lie among the knots."""

    knot: Int[Tensor, "m"]
    """The last knot at or below the score."""
    offset: Float[Tensor, "m"]
    """How far the score is past that knot, in widths of a ramp, at most 1."""


class Ramps(NamedTuple):
    """The ramps H(score - s_i) = clamp((score - s_i) / 2 delta + 1/2, 0, 1) of p positives.

    The first knot is below all scores, so that each has a knot below it.
    """

    width: float
    """Of a ramp, 2 delta: the unit of all lengths here."""
    knots: Float[Tensor, "k"]
    """Where ramps begin and end, ascending."""
    gap: Float[Tensor, "k"]
    """From each knot to the next, 0 after the last. Where no ramp is, the gap may be wider than
    any ramp; it then counts as 1, which changes no sum of H and keeps prefix sums small."""
    begun: Int[Tensor, "k"]
    """How many ramps begin at or before a knot."""
    ended: Int[Tensor, "k"]
    """How many ramps end at or before a knot."""
    low: Int[Tensor, "p"]
    """The knot at which the ramp of each positive begins."""
    high: Int[Tensor, "p"]
    """The knot at which it ends."""

    def locate(self, scores: Float[Tensor, "m"]) -> Pieces:
        """Return the pieces that the scores lie on."""
        knot = torch.searchsorted(self.knots, scores, right=True) - 1
        offset = (scores - torch.gather(self.knots, 0, knot)) / self.width
        return Pieces(knot, offset.clamp(max=1.0))

    def sum_above(self, rows: Pieces, weight: Float[Tensor, "m"]) -> Float[Tensor, "p"]:
        """Return the sum over rows k of w_k H(s_k - s_i), for each positive i.

        The sums run from the top: what is small because little is above is precise too.
        """
        mass = torch.zeros_like(self.knots).scatter_add(0, rows.knot, weight)
        moment = torch.zeros_like(self.knots).scatter_add(0, rows.knot, weight * rows.offset)
        above = _sum_from(mass) - mass
        # The weight above t, integrated from a knot to the next.
        area = above * self.gap + torch.where(self.gap > 0, moment, 0.0)
        above_area = _sum_from(area)
        return torch.gather(above_area, 0, self.low) - torch.gather(above_area, 0, self.high)

    def sum_below(self, rows: Pieces, share: Float[Tensor, "p"]) -> Float[Tensor, "m"]:
        """Return the sum over positives i of share_i H(s_k - s_i), for each row k."""
        before = torch.cat((share.new_zeros(1), share.cumsum(0)))
        slope = torch.gather(before, 0, self.begun) - torch.gather(before, 0, self.ended)
        rise = slope * self.gap
        level = rise.cumsum(0) - rise
        return torch.gather(level, 0, rows.knot) + torch.gather(slope, 0, rows.knot) * rows.offset


def make_ramps(scores: Float[Tensor, "p"], delta: float) -> Ramps:
    """Return the ramps of positives whose scores ascend."""
    first = scores.new_full((1,), _BELOW_ALL)
    knots, order = torch.cat((first, scores - delta, scores + delta)).sort()
    places = torch.arange(order.shape[0], device=order.device)
    found = torch.zeros_like(order).scatter(0, order, places)
    low, high = found[1:].reshape(2, -1).unbind(0)
    ends = (order > scores.shape[0]).long()
    return Ramps(
        width=2 * delta,
        knots=knots,
        gap=((torch.cat((knots[1:], knots[-1:])) - knots) / (2 * delta)).clamp(max=1.0),
        begun=(1 - ends).cumsum(0) - 1,
        ended=ends.cumsum(0),
        low=low,
        high=high,
    )


def _sum_from(values: Float[Tensor, "k"]) -> Float[Tensor, "k"]:
    """Return the sum of each value and all after it."""
    return values.flip(0).cumsum(0).flip(0)
