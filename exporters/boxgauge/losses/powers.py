"""Powers of numbers that may be 0, with gradients that stay finite there."""

from jaxtyping import Float
from torch import Tensor


def power(base: Float[Tensor, "n"], exponent: float, *, eps: float) -> Float[Tensor, "n"]:
    """Return ``base**exponent`` for bases and exponents of at least 0.

    The slope of a fractional power is infinite at 0. Below ``eps`` such a power is therefore
    replaced by the straight line from 0, with which it agrees at 0 and at ``eps``.
    """
    if exponent == 0 or exponent >= 1:
        return base.pow(exponent)
    return base * base.clamp(min=eps).pow(exponent - 1)
