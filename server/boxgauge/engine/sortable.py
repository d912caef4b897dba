"""Scores that a graph can sort: ONNX does not say where NaN goes, pycocotools puts it last."""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

# Keys start above 0 and -1, which stand for "no score" in the report's arrays.
_FIRST_KEY = 1


def sortable(scores: Float64) -> tuple[Float64, Float64 | None]:
    """Return what sorts as the scores do, NaN lowest, and the score of each key.

    Without NaN, which strict mode alone lets in, the scores are their own keys and the
    second is None.
    """
    if not np.isnan(scores).any():
        return scores, None
    # Ascending, all NaN as one at the end: rolled to the front.
    values, place = np.unique(scores, return_inverse=True)
    keys = (place + 1) % len(values) + _FIRST_KEY
    return keys.astype(np.float64), np.roll(values, 1)


def restored(keys: Float64, values: Float64 | None) -> Float64:
    """Return the scores of keys that a graph has chosen among; 0 and -1 stay."""
    if values is None:
        return keys
    places = np.maximum(keys, _FIRST_KEY).astype(np.int64) - _FIRST_KEY
    return np.where(keys >= _FIRST_KEY, values[places], keys)
