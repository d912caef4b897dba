"""The order of detections in a report: by class, falling score, image, place in the image."""

import numpy as np
from numpy.typing import NDArray

_KEY_BITS = 63


def report_order(label: NDArray[np.integer], scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the permutation that sorts by class, then falling score, then present place.

    Class, rank of the score and place make one integer key, sorted as a plain value: no
    sort has to be stable, and none carries an index along.

    Args:
        label: From 0, [n].
        scores: Not NaN, [n].
    """
    n, classes = len(label), int(label.max(initial=0)) + 1
    bits = max(n - 1, 1).bit_length()
    if classes.bit_length() + 2 * bits > _KEY_BITS:
        return np.lexsort((-scores, label))
    falling = np.argsort(-scores)
    ordered = scores[falling]
    rank = np.zeros(n, dtype=np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=rank[1:])
    key = (label[falling].astype(np.int64) << (2 * bits)) | (rank << bits) | falling
    key.sort()
    place: NDArray[np.int64] = key & ((1 << bits) - 1)
    return place
