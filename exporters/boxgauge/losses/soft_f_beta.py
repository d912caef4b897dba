"""Soft F-beta: precision and recall at a threshold, weighed against each other."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.soft_counts import soft_f_measure


def soft_f_beta_loss(
    logits: Float[Tensor, "n"],
    target: Float[Tensor, "n"],
    *,
    beta: float = 1.0,
    threshold: float = 0.5,
    temperature: float = 1.0,
    smooth: float = 1.0,
) -> Float[Tensor, "1"]:
    r"""Return one minus the soft F-measure at a score threshold.

    With :math:`d_i = 1 / (1 + e^{-(x_i - \ln \frac{t}{1-t}) / \tau})`, how far a row counts as
    predicted, and :math:`s` certain true positives added,

    .. math::
        F_\beta = \frac{(1 + \beta^2) \left(\sum_i d_i y_i + s\right)}
                       {\sum_i d_i + s + \beta^2 \left(\sum_i y_i + s\right)}, \quad
        \frac{\partial F_\beta}{\partial x_i} =
            \frac{d_i (1 - d_i)}{\tau}
            \frac{(1 + \beta^2) y_i - F_\beta}{\sum_j d_j + s + \beta^2 (\sum_j y_j + s)}

    It is soft precision at :math:`\beta = 0`, soft recall at infinity, and at 1, with the
    other defaults, the Dice loss of the probabilities with twice the smoothing.

    Args:
        logits: Any finite numbers.
        target: 1 for a positive, 0 for a negative; a row with any other value is ignored
            and has zero gradient. Paired with ``logits`` by row.
        beta: How many times as much recall matters as precision, at least 0; below 1 favours
            precision.
        threshold: :math:`t`, a probability inside (0, 1).
        temperature: :math:`\tau`, in logits, in [1e-6, 1e6]. At 1 and a threshold of 0.5 a row
            counts by its probability; toward 0 the metric itself comes out, which has no
            gradient.
        smooth: :math:`s`, in rows, at least 1e-16.

    Returns:
        The loss, shape [1], in [0, 1): 0 where exactly the positives are predicted.

    Edges:
        Without positives the loss falls with the predictions, to 0 where there are none (at an
        infinite :math:`\beta` it is 0). Where nothing is predicted it is
        :math:`\beta^2 P / (\beta^2 P + (1 + \beta^2) s)` with P positives. Half precision is
        computed in float32.

    When to use:
        To tune a trained detector for the threshold it runs at. From scratch, with hundreds of
        negatives a positive, it gives up the positives that fall behind: their
        :math:`d_i` and gradient vanish together; use a loss of the ranking there.

    Raises:
        ValueError: The shapes differ or an option is out of range.

    References:
        van Rijsbergen, "Information Retrieval", 2nd ed., 1979, Chapter 7, for the measure.
        Bénédict et al., "sigmoidF1: A Smooth F1 Score Surrogate Loss for Multilabel
        Classification", TMLR 2022, for the sigmoids in its counts. https://arxiv.org/abs/2108.10566
    """
    f_beta = soft_f_measure(
        logits, target, beta=beta, threshold=threshold, temperature=temperature, smooth=smooth
    )
    return 1 - f_beta
