"""The bin of a score: evenly wide in its logit, the same on every machine."""

from decimal import Context, Decimal
from functools import cache

import numpy as np
from numpy.typing import NDArray

KEY_BITS = 20
KEYS = 2**KEY_BITS
# Logits beyond it share the end bins: scores within 1.1e-7 of 0 or of 1.
LIMIT = 16

_FINE_BITS = KEY_BITS // 2
_KEYS_A_UNIT = KEYS // (2 * LIMIT)

Float64 = NDArray[np.float64]


def falling_keys(scores: Float64) -> NDArray[np.uint64]:
    """Return the bin of each score, 0 for the highest: never a higher one for a higher score.

    Scores below 0 and NaN go where 0 goes, to the last bin; those above 1 to the first. So
    the bins keep COCO's order, in which NaN is last, whatever the scores are.

    A logarithm only guesses the bin; comparisons with edges that are the same everywhere
    decide, since logarithms differ between machines in the last bits and need not rise.
    """
    clamped = np.clip(np.where(np.isnan(scores), 0.0, scores), 0.0, 1.0)
    odds = _odds(clamped)
    with np.errstate(divide="ignore"):
        logits = np.clip(np.log(odds), -LIMIT, LIMIT)
    key = np.clip(np.floor((logits + LIMIT) * _KEYS_A_UNIT).astype(np.int64), 0, KEYS - 1)
    key += (odds >= _edges(key + 1)).astype(np.int64) - (odds < _edges(key))
    falling: NDArray[np.int64] = KEYS - 1 - np.clip(key, 0, KEYS - 1)
    return falling.astype(np.uint64)


def lowest_scores(keys: NDArray[np.int64], levels: NDArray[np.int64]) -> Float64:
    """Return the lowest score of each bin, given from the highest score on at its level.

    A score is at least this, or it is in a bin further on. The last bin begins at 0.
    """
    first = KEYS - ((keys + 1) << levels)
    wanted = _edges(first)
    scores = wanted / (1 + wanted)
    # Division rounds: the comparison that chose the bin decides, as in `falling_keys`.
    while (too_low := _odds(scores) < wanted).any():
        scores = np.where(too_low, np.nextafter(scores, 1.0), scores)
    while (lower := _odds(below := np.nextafter(scores, 0.0)) >= wanted).any():
        scores = np.where(lower, below, scores)
    return np.where(first > 0, scores, 0.0)


def middle_scores(keys: NDArray[np.int64], levels: NDArray[np.int64]) -> Float64:
    """Return the score in the middle, by its logit, of each bin, given as above."""
    steps = KEYS - (keys + 0.5) * 2.0**levels
    middle: Float64 = 1 / (1 + np.exp(LIMIT - steps / _KEYS_A_UNIT))
    return middle


def outside(scores: Float64) -> int:
    """Return how many scores are NaN or outside [0, 1]."""
    return int((~((scores >= 0) & (scores <= 1))).sum())


def _odds(scores: Float64) -> Float64:
    with np.errstate(divide="ignore"):
        odds: Float64 = scores / (1 - scores)
    return odds


def _edges(keys: NDArray[np.int64]) -> Float64:
    """Return the odds at which each bin begins.

    One product of two correctly rounded numbers: neighbours lie 3e-5 apart, its rounding
    2e-16, so that edges rise.
    """
    coarse, fine = _powers()
    edges: Float64 = coarse[keys >> _FINE_BITS] * fine[keys & (2**_FINE_BITS - 1)]
    return edges


@cache
def _powers() -> tuple[Float64, Float64]:
    exact = Context(prec=40)
    steps = 2**_FINE_BITS
    fine = [exact.divide(Decimal(k), Decimal(_KEYS_A_UNIT)) for k in range(steps)]
    coarse = [Decimal(k * steps) / _KEYS_A_UNIT - LIMIT for k in range(KEYS // steps + 1)]
    return (
        np.array([float(exact.exp(each)) for each in coarse]),
        np.array([float(exact.exp(each)) for each in fine]),
    )
