"""Gradients that a paper defines, in place of the derivative of the loss."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def error_driven(
    value: Float[Tensor, "1"], update: Float[Tensor, "n"], variable: Float[Tensor, "n"]
) -> Float[Tensor, "1"]:
    """Return ``value`` in the type of ``variable``, with ``update`` as its gradient.

    To a second differentiation the update is a constant.
    """
    result: Tensor = _ErrorDriven.apply(  # type: ignore[no-untyped-call]  # torch's own
        variable, value.to(variable.dtype), update.to(variable.dtype)
    )
    return result


class _ErrorDriven(torch.autograd.Function):
    # `ctx` is Any: torch gives the attributes that it sets on it no type.

    @staticmethod
    def forward(_: Tensor, value: Tensor, __: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def setup_context(
        ctx: Any,  # noqa: ANN401
        inputs: tuple[Tensor, Tensor, Tensor],
        output: Tensor,
    ) -> None:
        _, _, update = inputs
        ctx.save_for_backward(update)

    @staticmethod
    def backward(
        ctx: Any,  # noqa: ANN401
        *grad_outputs: Tensor,
    ) -> tuple[Tensor, None, None]:
        (update,) = ctx.saved_tensors
        return grad_outputs[0] * update, None, None
