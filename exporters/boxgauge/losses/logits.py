"""What each of two labels costs, given a logit: the logarithms in every loss of logits."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Surprises(NamedTuple):
    """The negative logarithms of p and 1 - p, in nats, at least 0."""

    if_positive: Float[Tensor, "..."]
    """-ln p = softplus(-x): what a label of 1 costs."""
    if_negative: Float[Tensor, "..."]
    """-ln(1 - p) = softplus(x): what a label of 0 costs."""


def surprises(logits: Float[Tensor, "..."]) -> Surprises:
    r"""Return :math:`-\ln p` and :math:`-\ln(1 - p)` for :math:`p = 1 / (1 + e^{-x})`.

    p, 1 - p and their powers are ``exp`` of these: they keep their digits where they are tiny,
    and ``p**gamma`` has a finite gradient at 0. A probability that has been rounded to 0 or 1
    has no logarithm left. Both come from one exponential and one logarithm, since they differ
    by x; the gradients are the probabilities themselves.
    """
    # torch leaves `apply` untyped.
    if_positive, if_negative = _Softplus.apply(logits)  # type: ignore[no-untyped-call]
    return Surprises(if_positive, if_negative)


class _Softplus(torch.autograd.Function):
    """Two softplus in one, with the sigmoid for a derivative.

    Differentiated as it is written, the derivative at 0 would be that of a maximum and of an
    absolute value, both arbitrary there, and elsewhere a chain of masks.
    """

    # `ctx` is Any: torch gives the attributes that it sets on it no type.

    @staticmethod
    def forward(logits: Tensor) -> tuple[Tensor, Tensor]:
        rest = (-logits.abs()).exp().log1p()
        return (-logits).relu() + rest, logits.relu() + rest

    @staticmethod
    def setup_context(
        ctx: Any,  # noqa: ANN401
        inputs: tuple[Tensor],
        output: tuple[Tensor, Tensor],
    ) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(
        ctx: Any,  # noqa: ANN401
        *grad_outputs: Tensor,
    ) -> Tensor:
        (logits,) = ctx.saved_tensors
        if_positive, if_negative = grad_outputs
        slope: Tensor = if_negative * logits.sigmoid() - if_positive * (-logits).sigmoid()
        return slope
