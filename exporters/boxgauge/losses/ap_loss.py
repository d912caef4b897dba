"""AP Loss: average precision as a loss, by ranking every positive against every logit."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.losses.pairs import paired

_DOUBLINGS = 24
MAX_ROWS = 2**_DOUBLINGS


def ap_loss(
    logits: Float[Tensor, "n"], target: Float[Tensor, "n"], *, delta: float = 0.5
) -> Float[Tensor, "1"]:
    r"""Return one minus the interpolated average precision of a ranking.

    With :math:`H(x) = clamp(x / 2\delta + 1/2, 0, 1)`, a positive :math:`i` has

    .. math::
        L_{ij} = \frac{H(s_j - s_i)}{1 + \sum_{k \ne i} H(s_k - s_i)}, \quad
        precision_i = 1 - \sum_{j \in N} L_{ij}

    Precision is interpolated: no positive has less than one ranked below it, and the
    :math:`L_{ij}` of a row shrink in proportion. The loss is the mean of their sums.

    The gradient is the error-driven update of the paper, not the derivative of the loss:
    :math:`\sum_i L_{ij} / |P|` for a negative, :math:`-\sum_j L_{ij} / |P|` for a
    positive. It sums to 0, and is a constant to a second differentiation.

    Cost: one sort of 3n keys and 24 passes, O(n log n), in float64; the loop over
    positives of the published code gives the same numbers in O(n |P|).

    Args:
        logits: Finite scores s of all anchors of a batch.
        target: 1 for a positive, 0 for a negative; a row with any other value is ignored
            and has zero gradient. Paired with ``logits`` by row.
        delta: Half the width of the ramp H, in logits.

    Returns:
        The loss, shape [1], in [0, 1): 0 where every positive outranks every negative by
        ``delta``, and where there are no positives or no negatives.

    Raises:
        ValueError: ``delta`` is not positive, or there are more than 2**24 rows.

    References:
        Chen et al., "Towards Accurate One-Stage Object Detection with AP-Loss",
        CVPR 2019, Eq. 3-12 and Algorithm 1. https://arxiv.org/abs/1904.06373
        Chen et al., "AP-Loss for Accurate One-Stage Object Detection", TPAMI 2020.
        https://arxiv.org/abs/2008.07294
    """
    if delta <= 0:
        raise ValueError(f"delta must be positive: got {delta}")
    rows = logits.shape[0]
    # While exporting, the number of rows is a symbol and must not be compared.
    if isinstance(rows, int) and rows > MAX_ROWS:
        raise ValueError(f"at most {MAX_ROWS} logits can be ranked at once: got {rows}")

    wide, _ = paired(logits, target)
    loss: Tensor
    # torch leaves `apply` untyped.
    loss, _ = _ErrorDriven.apply(wide, target, delta)  # type: ignore[no-untyped-call]
    return loss


class _ErrorDriven(torch.autograd.Function):
    """Hands back, as the gradient, the update that came with the loss."""

    # `ctx` is Any: torch gives the attributes that it sets on it no type.

    @staticmethod
    def forward(logits: Tensor, target: Tensor, delta: float) -> tuple[Tensor, Tensor]:
        loss, update = _loss_and_update(logits.double(), target == 1, target == 0, delta)
        return loss.to(logits.dtype), update.to(logits.dtype)

    @staticmethod
    def setup_context(
        ctx: Any,  # noqa: ANN401
        inputs: tuple[Tensor, Tensor, float],
        output: tuple[Tensor, Tensor],
    ) -> None:
        _, update = output
        ctx.mark_non_differentiable(update)
        ctx.save_for_backward(update)

    @staticmethod
    def backward(
        ctx: Any,  # noqa: ANN401
        *grad_outputs: Tensor,
    ) -> tuple[Tensor, None, None]:
        (update,) = ctx.saved_tensors
        return grad_outputs[0] * update, None, None


def _loss_and_update(
    scores: Float[Tensor, "n"],
    positive: Bool[Tensor, "n"],
    negative: Bool[Tensor, "n"],
    delta: float,
) -> tuple[Float[Tensor, "1"], Float[Tensor, "n"]]:
    """Return the loss and the error-driven update."""
    ranking = _rank(scores, delta)
    is_positive, is_negative = positive.double(), negative.double()
    positives = is_positive.sum().clamp(min=1)

    # The positive itself is in the first sum with H(0) = 1/2; the paper counts it as 1.
    true_above = 0.5 + ranking.sum_above(is_positive)
    false_above = ranking.sum_above(is_negative)
    imprecision = torch.where(positive, false_above / (true_above + false_above), 1.0)
    interpolated = ranking.least_from_below(imprecision) * is_positive

    # Interpolated, L_ij is H(s_j - s_i) * share_i. A positive with nothing false above it
    # has no share, and any floor does that float32 holds: ONNX export rounds constants to it.
    share = interpolated / false_above.clamp(min=2.0**-100)
    update = is_negative * ranking.sum_below(share) - interpolated
    return (interpolated.sum() / positives).reshape(1), update / positives


class _Ranking(NamedTuple):
    """The places, in ascending order of the scores, of s - delta, s and s + delta.

    H is 0 up to s - delta, 1 from s + delta and linear inside, so that a sum of H over
    all rows takes two prefix sums at these places. H being continuous, the order of ties
    between a score and the edge of a window makes no difference.
    """

    scores: Float[Tensor, "n"]
    delta: float
    low: Int[Tensor, "n"]
    """How many scores are below s - delta."""
    place: Int[Tensor, "n"]
    """How many scores are before s: a permutation, ties in any order."""
    high: Int[Tensor, "n"]
    """How many scores are below s + delta."""

    def sum_above(self, weight: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """Return the sum over k of w_k H(s_k - s), for each score s."""
        low, high, total = self._prefix_sums(weight)
        low_moment, high_moment, _ = self._prefix_sums(weight * self.scores)
        inside = (high_moment - low_moment) - (self.scores - self.delta) * (high - low)
        return (total - high) + inside.clamp(min=0) / (2 * self.delta)

    def sum_below(self, weight: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """Return the sum over k of w_k H(s - s_k), for each score s."""
        low, high, _ = self._prefix_sums(weight)
        low_moment, high_moment, _ = self._prefix_sums(weight * self.scores)
        inside = (self.scores + self.delta) * (high - low) - (high_moment - low_moment)
        return low + inside.clamp(min=0) / (2 * self.delta)

    def least_from_below(self, values: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
        """Return the least value of the rows up to and including each, by score."""
        least = torch.zeros_like(values).scatter(0, self.place, values)
        rows = torch.arange(values.shape[0], device=values.device)
        # Doubling the reach of the minimum: cummin has no ONNX form. Past the first row
        # the clamped index takes that row again, which changes nothing.
        for doubling in range(_DOUBLINGS):
            earlier = (rows - 2**doubling).clamp(min=0)
            least = torch.minimum(least, least.index_select(0, earlier))
        return least.index_select(0, self.place)

    def _prefix_sums(self, weight: Float[Tensor, "n"]) -> tuple[Tensor, Tensor, Tensor]:
        ascending = torch.zeros_like(weight).scatter(0, self.place, weight)
        prefix = torch.cat((ascending.new_zeros(1), ascending.cumsum(0)))
        return prefix.index_select(0, self.low), prefix.index_select(0, self.high), prefix[-1:]


def _rank(scores: Float[Tensor, "n"], delta: float) -> _Ranking:
    """Return the places by one sort of all scores and edges: searchsorted has no ONNX form."""
    rows = scores.shape[0]
    order = torch.cat((scores - delta, scores, scores + delta)).sort().indices
    is_score = ((order >= rows) & (order < 2 * rows)).to(torch.int64)
    passed = torch.zeros_like(order).scatter(0, order, is_score.cumsum(0))
    low, own, high = passed.reshape(3, rows).unbind(0)
    return _Ranking(scores, delta, low, own - 1, high)
