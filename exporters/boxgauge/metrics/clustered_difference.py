"""Whether two distributions differ by more than chance, where counts come in clusters."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

# Smaller than any share that counts can have and any inverse of degrees of freedom.
_NEVER = 2.0**-40

# Dimensions by which the traces, themselves estimated, seem to be more than they are worth:
# without them one test in a thousand alarms at twice that rate where one dimension is large.
_SPENT = 3.0


class ClusteredDifference(NamedTuple):
    """A ratio that has an F distribution, nearly, if both distributions are the same."""

    ratio: Float64[Tensor, "f"]
    """Squared distance over what chance alone makes it on average; 0 where undefined."""
    numerator: Float64[Tensor, "f"]
    """Degrees of freedom of the distance, at least 1."""
    denominator: Float64[Tensor, "f"]
    """Degrees of freedom of what chance alone makes it."""
    defined: Bool[Tensor, "f"]
    """Whether both sides have two groups with counts, and vary."""


def clustered_difference(
    reference: Int64[Tensor, "f g b"],
    current: Int64[Tensor, "f h b"],
    ordered: Bool[Tensor, "f"],
) -> ClusteredDifference:
    r"""Return how much larger each feature's difference is than the groups' own variation.

    Boxes of an image, and images of a cluster, are not independent; groups of whole clusters
    are. With shares p of the reference, q of the current and d = q - p, the distance is

    .. math::
        T = \sum_b w_b D_b^2

    where, of an ordered feature, D is the cumulative sum of d and w = h / (H (1 - H)) with h
    the mean of p and q and H its cumulative sum (Anderson and Darling's weights), and of any
    other feature D = d and w = 1 / h (Pearson's). Without drift T is a sum of squares of
    normal variables: its mean is the trace of V, its effective degrees of freedom are
    trace(V)² / trace(V²) (Satterthwaite), where V, the covariance of all √w_b D_b, is
    estimated from the groups' deviations from their side's shares. Both traces are taken from
    products of groups, and the second one without the bias that few groups give it.

    Args:
        reference: Counts by group and bin, at least 0; a feature's unused bins are all 0.
        current: Likewise; groups of one place need not be the same on both sides.
        ordered: Whether the bins of the feature have an order.

    References:
        Rao and Scott, "On Chi-squared Tests for Multiway Contingency Tables with Cell
        Proportions Estimated from Survey Data", Annals of Statistics 1984; Scholz and
        Stephens, "K-Sample Anderson-Darling Tests", JASA 1987.
    """
    p, deviation_p, groups_p = _shares(reference)
    q, deviation_q, groups_q = _shares(current)
    is_ordered = ordered[:, None, None]

    h = ((p + q) / 2)[:, None, :]
    upto = torch.cumsum(h, 2)
    both = upto * (1 - upto)
    # The last cumulative share is 1 up to rounding: nothing can differ there.
    inside = both > _NEVER
    by_order = torch.where(inside, h / torch.where(inside, both, 1.0), 0.0)
    by_share = torch.where(h > 0, 1 / torch.where(h > 0, h, 1.0), 0.0)
    scale = torch.sqrt(torch.where(is_ordered, by_order, by_share))

    def weighed(rows: Float64[Tensor, "f r b"]) -> Float64[Tensor, "f r b"]:
        return scale * torch.where(is_ordered, torch.cumsum(rows, 2), rows)

    difference = weighed((q - p)[:, None, :])
    distance = (difference * difference).sum((1, 2))
    chance_p, chance_q = weighed(deviation_p), weighed(deviation_q)
    trace_p, trace_q = (chance_p * chance_p).sum((1, 2)), (chance_q * chance_q).sum((1, 2))
    trace = trace_p + trace_q
    defined = (groups_p > 1) & (groups_q > 1) & (trace > 0)

    floor = torch.where(defined, trace, 1.0)
    free_p, free_q = (groups_p - 1).clamp(min=_NEVER), (groups_q - 1).clamp(min=_NEVER)
    part_p, part_q = trace_p / floor, trace_q / floor
    spent = part_p * part_p / free_p + part_q * part_q / free_q
    free = 1 / torch.where(defined, spent, 1.0)
    chance = torch.cat([chance_p, chance_q], 1)
    products = chance @ chance.transpose(1, 2) / floor[:, None, None]
    # Traces of V² and V³ over those powers of V's, without what few groups add to them.
    biased = (products * products).sum((1, 2))
    squares = free * free / ((free - 1).clamp(min=0.5) * (free + 2)) * (biased - 1 / free)
    squares = squares.clamp(min=_NEVER, max=1)
    cubes = ((products @ products) * products).sum((1, 2))
    cubes = cubes - 3 * squares / free - 1 / (free * free)
    # Neither can be smaller than with equal variances, nor larger than with a single one.
    cubes = cubes.maximum(squares * squares).minimum(squares * torch.sqrt(squares))
    numerator = squares * squares * squares / (cubes * cubes)
    ratio = 1 + (distance / floor - 1) / torch.sqrt(squares * numerator)
    one = torch.ones_like(floor)
    return ClusteredDifference(
        torch.where(defined, ratio, 0.0),
        torch.where(defined, numerator, one),
        torch.where(defined, free * (1 / squares - _SPENT).clamp(min=1), one),
        defined,
    )


def _shares(
    counts: Int64[Tensor, "f g b"],
) -> tuple[Float64[Tensor, "f b"], Float64[Tensor, "f g b"], Float64[Tensor, "f"]]:
    """Return shares, each group's deviation from them, and to how many equal groups they come."""
    of_group = counts.sum(2)
    n = of_group.sum(1).clamp(min=1).double()
    shares = counts.sum(1) / n[:, None]
    part = of_group / n[:, None]
    # Groups of unequal size are worth fewer equal ones.
    alike = (part * part).sum(1)
    groups = 1 / torch.where(alike > 0, alike, 1.0)
    # How far the shares move when a group is left out.
    deviation = counts / n[:, None, None] - part[:, :, None] * shares[:, None, :]
    rest = torch.where(part < 1, 1 - part, 1.0)
    spread = torch.sqrt((1 - alike).clamp(min=0))[:, None] / rest
    return shares, deviation * spread[:, :, None], groups
