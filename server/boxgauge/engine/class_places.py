"""Where labels stand among the classes that are evaluated."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import InvalidInputError

Int64 = NDArray[np.int64]

# Ids that lie within so many numbers are looked up in a table, which takes a hundredth of the
# time of a search.
_TABLE = 2**16


def class_places(class_ids: Int64, labels: Int64) -> Int64:
    """Return each label's place among the ascending ids of classes, of which there is one.

    Raises:
        InvalidInputError: A label is none of them.
    """
    first, last = int(class_ids[0]), int(class_ids[-1])
    if last - first < _TABLE:
        # What is beyond either end, wrapped around or not, is compared with some id below.
        places = _places(class_ids.tobytes()).take(labels - first, mode="clip")
    else:
        places = np.minimum(np.searchsorted(class_ids, labels), len(class_ids) - 1)
    known = class_ids.take(places) == labels
    if not known.all():
        wrong = int(labels[np.argmin(known)])
        raise InvalidInputError.at("label", wrong, "a class of the tally")
    return places


@lru_cache(maxsize=64)
def _places(content: bytes) -> Int64:
    """Return the place of each number from the first id on; of numbers between ids any place."""
    class_ids = np.frombuffer(content, np.int64)
    places = np.zeros(int(class_ids[-1] - class_ids[0]) + 1, np.int64)
    places[class_ids - class_ids[0]] = np.arange(len(class_ids))
    places.flags.writeable = False
    return places
