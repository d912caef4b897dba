"""The upper tail of the F distribution."""

import math

# Far more than the continued fraction needs where it is used.
_TERMS, _ENOUGH = 10_000, 1e-15


def f_tail(ratio: float, numerator: float, denominator: float) -> float:
    """Return the probability of at least this ratio.

    Args:
        ratio: At least 0.
        numerator: Degrees of freedom, above 0, whole or not.
        denominator: Likewise.
    """
    if ratio <= 0:
        return 1.0
    return _incomplete_beta(
        denominator / (denominator + numerator * ratio), denominator / 2, numerator / 2
    )


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), 0 < x <= 1."""
    if x >= 1:
        return 1.0
    # The fraction converges fast below the mean alone; above it the other tail's does.
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    log_factor = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return math.exp(log_factor) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """Return 1 + d1/(1 + d2/(1 + …)) of DLMF 8.17.22, by its forward recurrence."""
    upper, lower = 1.0, 0.0
    value = 1.0
    for n in range(1, _TERMS):
        m = n // 2
        if n % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        # Ratios of successive numerators and denominators; neither can vanish below the mean.
        upper, lower = 1 + d / upper, 1 / (1 + d * lower)
        step = upper * lower
        value *= step
        if abs(step - 1) < _ENOUGH:
            break
    return value
