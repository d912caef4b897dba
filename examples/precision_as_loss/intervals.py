"""Means with t intervals: what a handful of seeds can say about all seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A mean of ``count`` values; the true mean is within ``half_width`` with the confidence."""

    mean: float
    half_width: float
    count: int

    @property
    def excludes_zero(self) -> bool:
        """Whether all of the interval lies on one side of 0."""
        return abs(self.mean) > self.half_width


def t_interval(values: Sequence[float], *, confidence: float = 0.95) -> Interval:
    """Return the mean of independent, roughly normal values with Student's interval.

    One value says nothing of the spread: its half width is infinite.

    Raises:
        ValueError: There are no values, or the confidence is not inside (0, 1).
    """
    if not values:
        raise ValueError("an interval needs at least one value: got none")
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return Interval(mean, math.inf, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    quantile = t_quantile((1 + confidence) / 2, count - 1)
    return Interval(mean, quantile * math.sqrt(variance / count), count)


def t_quantile(probability: float, degrees: int) -> float:
    """Return where Student's distribution function reaches a probability, by bisection.

    Raises:
        ValueError: The probability is not inside (1/2, 1), or there are no degrees of freedom.
    """
    if not 0.5 < probability < 1:
        raise ValueError(f"the probability must lie between 1/2 and 1: got {probability}")
    if degrees < 1:
        raise ValueError(f"degrees of freedom must be at least 1: got {degrees}")
    low, high = 0.0, 1.0
    while _t_distribution(high, degrees) < probability:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        if _t_distribution(middle, degrees) < probability:
            low = middle
        else:
            high = middle
    return high


def _t_distribution(t: float, degrees: int) -> float:
    """Return P(T <= t) for t >= 0, by the finite series for whole degrees of freedom.

    References:
        Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, 26.7.3-26.7.4.
    """
    angle = math.atan(t / math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2 == 1
    term = cosine if odd else 1.0
    series = 0.0 if degrees == 1 else term
    for k in range(2 if odd else 1, degrees - 1, 2):
        term *= cosine * cosine * k / (k + 1)
        series += term
    inside = 2 / math.pi * (angle + sine * series) if odd else sine * series
    return (1 + inside) / 2
