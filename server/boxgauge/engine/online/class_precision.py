"""Precision by bin of score: of all classes together, and of each that has too few detections."""

import numpy as np

from boxgauge.engine.online.prediction_bins import Float64, Int64

# Spread of the log odds of precision over classes, beforehand.
_SPREAD = 1.0
_NEWTON_STEPS = 12
# Precision that no number of hits moves beyond.
_LOWEST, _HIGHEST = 0.01, 0.99


def rising(hits: Int64, counts: Int64) -> Float64:
    """Return the shares of hits that fit best among those that never fall from bin to bin.

    Bins without counts lie between their neighbours; without any counts at all, half of what
    there is hits.
    """
    at = np.flatnonzero(counts)
    if not len(at):
        return np.full(len(counts), 0.5)
    # Neighbours that fall are pooled until none do: each pool has its hits, counts and bins.
    pools: list[list[int]] = []
    for each in at.tolist():
        pools.append([int(hits[each]), int(counts[each]), 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    shares = np.concatenate([np.full(n, tp / seen) for tp, seen, n in pools])
    found: Float64 = np.interp(np.arange(len(counts)), at, shares)
    return found


def moved_odds(common: Float64, hits: Int64, counts: Int64) -> Float64:
    """Return the common precision with the log odds that fit each class best, [classes, bins].

    Penalised likelihood, one number a class, by Newton's method: it is concave.
    """
    odds = np.log(np.clip(common, _LOWEST, _HIGHEST))
    odds = odds - np.log1p(-np.exp(odds))
    move = np.zeros((len(hits), 1))
    for _ in range(_NEWTON_STEPS):
        precision = 1 / (1 + np.exp(-(odds + move)))
        slope = (hits - counts * precision).sum(1, keepdims=True) - move / _SPREAD**2
        bend = (counts * precision * (1 - precision)).sum(1, keepdims=True) + 1 / _SPREAD**2
        move = move + np.clip(slope / bend, -1, 1)
    moved: Float64 = 1 / (1 + np.exp(-(odds + move)))
    return moved
