"""Whole classes in groups: what one run of a graph is to hold, where each class is by itself."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def class_groups(
    label: NDArray[np.int64], classes: int, max_rows: int
) -> Iterator[tuple[slice, slice]]:
    """Yield the classes and the rows of each group.

    Args:
        label: Class of each row, ascending from 0.
        classes: How many there are; each is in one group, with rows or without.
        max_rows: Rows of a group; a class with more is a group of its own.
    """
    ends = np.searchsorted(label, np.arange(classes), side="right").tolist()
    first, row = 0, 0
    for k in range(classes):
        if k + 1 == classes or ends[k + 1] - row > max_rows:
            yield slice(first, k + 1), slice(row, ends[k])
            first, row = k + 1, ends[k]
