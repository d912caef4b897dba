"""Where curves change: bins with true positives, and what was seen up to them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.sketch.ordered import OrderedRows

TRUE_POSITIVE, IGNORED = 1, 2

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Rows that are a true positive somewhere, or count at one threshold and not at another.

    Curves are numbered by area range, then threshold, then class. A pair is such a row and a
    curve in which it is a true positive or corrects what counts; by curve, then by row.

    Attributes:
        rows: The rows, ascending, [h].
        curve: Of each pair, ascending, [q].
        entry: Its row, as place in ``rows``, [q].
        found: True positives of the pair, [q].
        correction: Detections that count here, less those at the last threshold, [q].
        usual: Which patterns count at the last threshold, bool [p, areas].
    """

    rows: Int64
    curve: Int64
    entry: Int64
    found: Int64
    correction: Int64
    usual: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: OrderedRows, classes: int) -> "Hits":
        """Return the pairs of rows of so many classes."""
        hit, ignored = rows.outcomes == TRUE_POSITIVE, rows.outcomes == IGNORED
        patterns = len(hit)
        corrected = ignored[:, :, -1:].astype(np.int8) - ignored
        listed = (hit | (corrected != 0)).reshape(patterns, -1)
        at = np.flatnonzero(listed.any(axis=1)[rows.code])
        code, label, counts = rows.code[at], rows.label[at], rows.counts[at]

        # One curve after the other: a look-up along a row is cheaper than a transposition.
        flags = np.ascontiguousarray(listed.T)[:, code]
        pairs = np.count_nonzero(flags, axis=1)
        column = np.repeat(np.arange(len(pairs)), pairs)
        entry = np.flatnonzero(flags) - column * len(at)
        outcome = code[entry] * len(pairs) + column
        of_pair = counts[entry]
        return cls(
            at,
            column * classes + label[entry],
            entry,
            of_pair * hit.reshape(-1)[outcome],
            of_pair * corrected.reshape(-1)[outcome],
            ~ignored[:, :, -1],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """What the graph takes: see `boxgauge.metrics.certified`, its kernel.

    Attributes:
        row: A row of each event's bin.
    """

    hits: Int64
    correction: Int64
    before: Int64
    upto: Int64
    curve: Int64
    curve_events: Int64
    row: Int64

    @classmethod
    def of(cls, rows: OrderedRows, hits: Hits, classes: int) -> "Events":
        """Return the events of all curves: pairs of one bin are one."""
        of_row = rows.place[hits.rows]
        place = of_row[hits.entry]
        begins = np.flatnonzero(
            np.append(True, (place[1:] != place[:-1]) | (hits.curve[1:] != hits.curve[:-1]))[
                : len(place)
            ]
        )
        curve, entry = hits.curve[begins], hits.entry[begins]
        before, upto = _seen(rows, hits, of_row, classes)
        area = curve // (classes * rows.outcomes.shape[2])
        return cls(
            np.add.reduceat(hits.found, begins) if len(begins) else begins,
            np.add.reduceat(hits.correction, begins) if len(begins) else begins,
            before.reshape(-1)[area * len(of_row) + entry],
            upto.reshape(-1)[area * len(of_row) + entry],
            curve,
            np.bincount(curve, minlength=classes * rows.outcomes[0].size),
            hits.rows[entry],
        )


def _seen(rows: OrderedRows, hits: Hits, of_row: Int64, classes: int) -> tuple[Int64, Int64]:
    """Return what usually counts before the bin of each listed row, and with it: [areas, h]."""
    first = np.flatnonzero(np.append(True, rows.place[1:] != rows.place[:-1])[: len(rows)])
    first = np.append(first, len(rows))
    of_class = np.searchsorted(rows.label, np.arange(classes))[rows.label[hits.rows]]
    bins = of_row - rows.place[:1]
    begin, end = first[bins], first[bins + 1]
    areas = hits.usual.shape[1]
    before, upto = np.empty((2, areas, len(of_row)), np.int64)
    sums = np.zeros(len(rows) + 1, np.int64)
    for a in range(areas):
        counted = hits.usual[:, a].astype(np.int64)
        np.cumsum(counted[rows.code] * rows.counts, out=sums[1:])
        start = sums[of_class]
        before[a], upto[a] = sums[begin] - start, sums[end] - start
    return before, upto
