"""From what stores hold of a window to rows of detections by class and falling score."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.scored import BinnedRows, ExactRows
from boxgauge.engine.online.window_rows import GROUPS, WindowColumns, WindowRows
from boxgauge.engine.report_order import report_order
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sketch.ordered import OrderedRows
from boxgauge.engine.sketch.rows import key_of
from boxgauge.engine.sketch.unpacked import ordered_rows
from boxgauge.engine.sortable import sortable
from boxgauge.engine.summary import outcomes_of, positives_of

Int64 = NDArray[np.int64]


def binned_rows(window: WindowRows, settings: EvaluationSettings) -> BinnedRows:
    """Return the rows that count something."""
    rows = window.rows
    keys = key_of(rows.ids if rows.counts.all() else rows.ids[rows.counts > 0])
    return BinnedRows(
        ordered_rows(rows, window.patterns, settings, window.groups),
        keys.astype(np.int64),
        rows.levels.astype(np.int64),
    )


def exact_rows(window: WindowColumns, classes: int, settings: EvaluationSettings) -> ExactRows:
    """Return a row for each detection, in report order."""
    columns = window.columns
    keys, _ = sortable(columns.scores)
    order = report_order(columns.labels, keys)
    label = np.repeat(np.arange(classes), np.bincount(columns.labels, minlength=classes))
    n, scores = len(order), columns.scores[order]
    maxima = np.array(settings.max_detections)
    below = np.searchsorted(maxima, np.arange(maxima[-1]), side="right")
    of_row = np.repeat(window.groups.astype(np.int64), columns.counts)
    rows = OrderedRows(
        label,
        np.arange(n),
        columns.codes[order].astype(np.int64),
        np.ones(n, np.int64),
        below[columns.ranks[order]],
        of_row[order],
        outcomes_of(window.patterns, settings),
    )
    # Several NaN of a class are equal as keys.
    ordered = keys[order]
    begins = (ordered[1:] != ordered[:-1]) | (label[1:] != label[:-1])
    tied = np.concatenate([np.zeros(min(n, 1), np.int64), np.cumsum(begins)])
    return ExactRows(rows, scores, tied)


def positives_by_group(window: WindowColumns, classes: int, settings: EvaluationSettings) -> Int64:
    """Return the ground truths to be found, [groups, classes, areas]."""
    columns = window.columns
    group = np.repeat(window.groups.astype(np.int64), columns.truth_counts)
    cells = group * classes + columns.truth_labels
    found = positives_of(cells, columns.truth_counted, GROUPS * classes, settings)
    return found.reshape(GROUPS, classes, -1)
