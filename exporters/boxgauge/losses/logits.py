"""Logarithms of probabilities straight from logits, safe in every runtime."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus


def surprises(logits: Float[Tensor, "..."]) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
    r"""Return :math:`-\ln p` and :math:`-\ln(1 - p)` of each logit, in nats.

    ``p`` and ``1 - p`` themselves, and their powers, are ``exp`` of these: both keep
    their precision where they are tiny, and ``p**gamma`` has a finite gradient at 0.
    """
    # softplus, not logsigmoid: ONNX Runtime takes the latter's Log(Sigmoid(x)) literally,
    # and that is -inf for x <= -18.
    return softplus(-logits), softplus(logits)
