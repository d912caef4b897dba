"""Where labels stand among the classes that are evaluated."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import InvalidInputError

Int64 = NDArray[np.int64]


def class_places(class_ids: Int64, labels: Int64) -> Int64:
    """Return each label's place among the ascending ids of classes, of which there is one.

    Raises:
        InvalidInputError: A label is none of them.
    """
    places = np.searchsorted(class_ids, labels)
    known = class_ids[np.minimum(places, len(class_ids) - 1)] == labels
    if not known.all():
        wrong = int(labels[np.argmin(known)])
        raise InvalidInputError.at("label", wrong, "a class of the tally")
    return places
