"""Turn logits into probabilities that mean something, without changing their order.

AP Loss looks at the order of logits alone, so they may settle anywhere: a sigmoid of them
is a valid score but says nothing. Two numbers mend that, whatever the training loss was.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses import bce_with_logits_loss, reduce


@dataclass(frozen=True)
class Calibration:
    """A rising line: ``slope`` > 0."""

    slope: float
    offset: float

    def __call__(self, logits: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return slope · logits + offset in float64: in float32 confident scores would tie."""
        return self.slope * logits.double() + self.offset


def fit(logits: Float[Tensor, " n"], target: Float[Tensor, " n"]) -> Calibration:
    """Return the line that makes the binary cross entropy of ``target`` least.

    References:
        Platt, "Probabilistic Outputs for Support Vector Machines and Comparisons to
        Regularized Likelihood Methods", 1999.
    """
    # Standardised first, so that one step size suits both unknowns.
    mean, spread = logits.double().mean(), logits.double().std()
    standard = (logits.double() - mean) / spread
    log_slope = torch.zeros((), dtype=torch.float64, requires_grad=True)
    offset = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_slope, offset], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = reduce(bce_with_logits_loss(log_slope.exp() * standard + offset, target.double()))
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]  # LBFGS has no types
    slope = log_slope.detach().exp() / spread
    return Calibration(float(slope), float(offset.detach() - slope * mean))
