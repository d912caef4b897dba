"""Distances of two distributions that are given as counts."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor


class DistributionDistances(NamedTuple):
    """How far each feature's two distributions are apart; 0 where one has no counts."""

    psi: Float64[Tensor, "f"]
    """Population stability index, nats, at least 0."""
    ks: Float64[Tensor, "f"]
    """Kolmogorov-Smirnov: the largest difference of both cumulative shares, in [0, 1]."""
    wasserstein: Float64[Tensor, "f"]
    """Of order 1, in the unit of the bins' widths."""
    jensen_shannon: Float64[Tensor, "f"]
    """Divergence, nats, in [0, ln 2]."""
    defined: Bool[Tensor, "f"]
    """Whether both have counts."""


def distribution_distances(
    reference: Int64[Tensor, "f b"], current: Int64[Tensor, "f b"], widths: Float64[Tensor, "f b"]
) -> DistributionDistances:
    r"""Return how far each feature's current counts are from the reference's.

    With shares p of the reference, q of the current, their mean m and cumulative shares P, Q

    .. math::
        \text{PSI} = \sum_b (q_b - p_b) \ln\frac{q_b}{p_b}, \quad
        \text{KS} = \max_b |Q_b - P_b|, \quad
        W = \int |Q - P|, \quad
        \text{JS} = \tfrac12 \sum_b p_b \ln\frac{p_b}{m_b} + q_b \ln\frac{q_b}{m_b}

    For PSI alone each bin that occurs on either side has half a count more on both, without
    which one new bin would make it infinite. Within a bin W takes the shares as evenly spread.

    Args:
        reference: Counts by bin, at least 0; a feature's unused bins are 0 on both sides.
        current: Likewise.
        widths: Of the bins, at least 0; only W asks for it. 0 in a bin that has no order.

    References:
        Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Transactions on
        Information Theory 1991 (Jensen-Shannon). Jeffreys, "An Invariant Form for the Prior
        Probability in Estimation Problems", 1946 (PSI is his divergence).
    """
    n, m = reference.sum(1, keepdim=True), current.sum(1, keepdim=True)
    defined = (n > 0) & (m > 0)
    p, q = reference / n.clamp(min=1).double(), current / m.clamp(min=1).double()

    occurs = ((reference + current) > 0).double()
    spare = 0.5 * occurs.sum(1, keepdim=True)
    smooth_p = (reference + 0.5 * occurs) / (n + spare).clamp(min=0.5)
    smooth_q = (current + 0.5 * occurs) / (m + spare).clamp(min=0.5)
    psi = ((smooth_q - smooth_p) * _log_ratio(smooth_q, smooth_p)).sum(1)

    mean = (p + q) / 2
    jensen_shannon = (p * _log_ratio(p, mean) + q * _log_ratio(q, mean)).sum(1) / 2

    after = torch.cumsum(q, 1) - torch.cumsum(p, 1)
    before = after - (q - p)
    # The difference runs straight from one end of a bin to the other, and may change its sign.
    ends = before.abs() + after.abs()
    crossed = (before * before + after * after) / (2 * torch.where(ends > 0, ends, 1.0))
    within = torch.where(before * after < 0, crossed, ends / 2)

    distances = torch.stack([psi, after.abs().amax(1), (within * widths).sum(1), jensen_shannon])
    distances = torch.where(defined[:, 0], distances.clamp(min=0), 0.0)
    psi, ks, wasserstein, jensen_shannon = distances.unbind(0)
    return DistributionDistances(psi, ks, wasserstein, jensen_shannon, defined[:, 0])


def _log_ratio(a: Float64[Tensor, "f b"], b: Float64[Tensor, "f b"]) -> Float64[Tensor, "f b"]:
    """Return ln(a / b), 0 where a is 0: there it is always multiplied by 0."""
    positive = a > 0
    return torch.log(torch.where(positive, a / torch.where(b > 0, b, 1.0), 1.0))
