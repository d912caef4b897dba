"""Curves in a few steps each, from the highest scores on: what the jackknife looks at."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.sketch.parts import Part

# As many as the graph has.
STEPS = 16

Int64 = NDArray[np.int64]


def steps_of(part: Part) -> Int64:
    """Return the step of each row; `STEPS` behind the last true positive of its class.

    A step ends with a bin that has true positives. Where a class has more such bins than there
    are steps, each step has about the same number of true positives.
    """
    rows, listed = part.rows, part.hits.rows
    classes = part.where.classes.stop - part.where.classes.start
    bins = rows.place - rows.place[:1]
    counts = np.bincount(bins[listed], rows.counts[listed], int(bins[-1]) + 1 if len(bins) else 0)
    has_hits = counts > 0
    weight = counts[has_hits]
    label = np.zeros(len(counts), np.int64)
    label[bins] = rows.label
    of_hits = label[has_hits]
    held = np.bincount(of_hits, minlength=classes)
    first = np.cumsum(held) - held
    ordinal = np.arange(len(of_hits)) - first[of_hits]
    before = np.cumsum(weight) - weight
    total = np.bincount(of_hits, weight, classes)
    share = (before - np.append(before, 0)[first][of_hits]) / total[of_hits]
    step = np.where(held[of_hits] <= STEPS, ordinal, np.floor(share * STEPS)).astype(np.int64)
    # Each bin goes with the next one that has hits, itself included.
    following: Int64 = np.cumsum(has_hits) - has_hits
    is_behind = np.append(of_hits, -1)[following] != label
    found: Int64 = np.where(is_behind, STEPS, np.append(step, STEPS)[following])
    of_row: Int64 = found[bins]
    return of_row
