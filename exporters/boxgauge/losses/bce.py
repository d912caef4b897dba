"""Binary cross entropy, from probabilities and from logits."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired
from boxgauge.losses.surprise import surprise


def bce_loss(
    prob: Float[Tensor, "n"], target: Float[Tensor, "n"], *, eps: float = 1e-7
) -> Float[Tensor, "n"]:
    r"""Return the binary cross entropy of each probability.

    .. math:: L = -\,t \ln p - (1 - t) \ln(1 - p)

    Where the loss is at its ceiling its gradient is 0, so that a confidently wrong
    probability cannot recover: train from logits, with :func:`bce_with_logits_loss`.

    Args:
        prob: Probabilities in [0, 1].
        target: Labels in [0, 1], paired with ``prob`` by row.
        eps: Floor for :math:`p` and :math:`1 - p` inside the logarithms, so that the
            loss is at most ``-ln(eps)``, about 16.1.

    Returns:
        One loss per row, in nats, in [0, -ln(eps)]: 0 where ``prob`` equals a label of
        0 or 1.

    References:
        Good, "Rational Decisions", J. Royal Statistical Society B 14, 1952.
    """
    prob, target = paired(prob, target)
    log_prob = prob.clamp(min=eps, max=1.0).log()
    log_complement = (1 - prob).clamp(min=eps, max=1.0).log()
    return -(target * log_prob + (1 - target) * log_complement)


def bce_with_logits_loss(
    logits: Float[Tensor, "n"], target: Float[Tensor, "n"]
) -> Float[Tensor, "n"]:
    r"""Return the binary cross entropy of each logit, :math:`p = 1 / (1 + e^{-x})`.

    .. math:: L = t \ln(1 + e^{-x}) + (1 - t) \ln(1 + e^{x})

    Args:
        logits: Any finite numbers.
        target: Labels in [0, 1], paired with ``logits`` by row.

    Returns:
        One loss per row, in nats, at least 0, growing like ``|x|`` on the wrong side.

    References:
        Good, "Rational Decisions", J. Royal Statistical Society B 14, 1952.
    """
    logits, target = paired(logits, target)
    # Not logsigmoid: ONNX Runtime takes its Log(Sigmoid(x)) literally, and that is -inf for
    # x <= -18.
    of_positive, of_negative = surprise(logits)
    return target * of_positive + (1 - target) * of_negative
