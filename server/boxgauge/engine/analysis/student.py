"""Quantiles of Student's t distribution, for intervals from few groups."""

import math


def t_quantile(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t.

    Args:
        probability: In [0.5, 1).
        freedom: Degrees of freedom, at least 1.
    """
    low, high = 0.0, 1.0
    while t_below(high, freedom) < probability:
        low, high = high, 2 * high
    # Bisection to the last bit: the distribution has a closed form, its inverse has none.
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if t_below(middle, freedom) < probability else (low, middle)
    return high


def t_below(t: float, freedom: int) -> float:
    """Return the probability of less than t ≥ 0 (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan2(t, math.sqrt(freedom))
    cosine = math.cos(angle)
    is_odd = freedom % 2
    term = total = cosine if is_odd else 1.0
    for k in range(2 + is_odd, freedom, 2):
        term *= (k - 1) / k * cosine**2
        total += term
    if not is_odd:
        return (1 + math.sin(angle) * total) / 2
    within = angle + (math.sin(angle) * total if freedom > 1 else 0.0)
    return 0.5 + within / math.pi
