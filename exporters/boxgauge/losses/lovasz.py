"""The Lovász extension of the Jaccard loss, which both Lovász losses are made of."""

from jaxtyping import Float
from torch import Tensor


def lovasz_jaccard(
    errors: Float[Tensor, "*rows p"], truth: Float[Tensor, "*rows p"]
) -> Float[Tensor, "*rows"]:
    r"""Return the Lovász extension of :math:`1 - IoU` at the errors of each row of pixels.

    With the errors :math:`m` in descending order and the truth's pixels :math:`T`,

    .. math::
        \overline{\Delta}(m) = \sum_i m_i\, (\Delta_i - \Delta_{i-1}), \quad
        \Delta_i = 1 - \frac{|T \setminus \{1..i\}|}{|T \cup \{1..i\}|}, \quad \Delta_0 = 0

    Which of two equal errors comes first changes the gradient, not the value; here it is
    the pixel with the lower index.

    Args:
        errors: How wrong each pixel is, at least 0.
        truth: 1 for the true pixels, 0 for the others; sums of them are exact up to 2**24
            pixels in float32.
    """
    order = errors.detach().sort(dim=-1, descending=True, stable=True).indices
    slope = _slope(truth.gather(-1, order))
    # Each slope goes to its pixel, so that no gradient has to pass through the sort.
    return (errors * errors.new_zeros(errors.shape).scatter(-1, order, slope)).sum(-1)


def _slope(truth: Float[Tensor, "*rows p"]) -> Float[Tensor, "*rows p"]:
    """Return the step from each set of pixels to the next, for truth in order of the errors.

    Written out, since the difference of two numbers near 1 would lose what a step among
    many pixels has: a true pixel takes 1 from the intersection, another adds 1 to the union.
    """
    positives = truth.sum(-1, keepdim=True)
    missed = positives - truth.cumsum(-1)
    union = positives + (1 - truth).cumsum(-1)
    before = union - (1 - truth)
    # With nothing true, the union before the first pixel is empty, and that pixel has it all.
    is_whole_step = truth + (before == 0).to(truth.dtype)
    step = is_whole_step + (1 - is_whole_step) * missed / before.clamp(min=1.0)
    return step / union.clamp(min=1.0)
