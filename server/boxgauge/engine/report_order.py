"""The order of detections in a report: by class, falling score, image, place in the image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_KEY_BITS = 63


def report_order(
    labels: NDArray[np.integer[Any]], scores: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the permutation that sorts by class, then falling score, then present place.

    The three make one integer, sorted as a plain value: four times as fast as any sort that
    is stable and carries an index along. Where the score's last bits find no room and two
    scores of a class differ in these alone, such a sort has to do it.

    Args:
        labels: From 0, [n].
        scores: Not NaN, [n].
    """
    n = len(labels)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    falling = _falling_integers(scores)
    place_bits, class_bits = (n - 1).bit_length(), int(labels.max()).bit_length()
    score_bits = int(falling.max()).bit_length()
    dropped = max(score_bits + class_bits + place_bits - _KEY_BITS, 0)
    keys = falling >> np.uint64(dropped)
    keys |= labels.astype(np.uint64) << np.uint64(score_bits - dropped)
    keys <<= np.uint64(place_bits)
    keys |= np.arange(n, dtype=np.uint64)
    keys.sort()
    order = (keys & np.uint64((1 << place_bits) - 1)).astype(np.int64)
    if dropped:
        ordered, of_class = scores[order], labels[order]
        is_wrong = (ordered[1:] > ordered[:-1]) & (of_class[1:] == of_class[:-1])
        if is_wrong.any():
            return np.lexsort((-scores, labels))
    return order


def _falling_integers(scores: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return integers from 0 that rise as the scores fall; zeros of both signs are one."""
    bits = (0.0 - scores).view(np.int64)
    # Of negative doubles all bits but the sign count downwards.
    rising = bits ^ ((bits >> 63) & np.int64(2**63 - 1))
    found: NDArray[np.uint64] = rising.view(np.uint64) - rising.min().view(np.uint64)
    return found
