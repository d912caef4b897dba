"""From the rows of a sketch to detections by class and falling score."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sketch.ordered import OrderedRows
from boxgauge.engine.sketch.rows import SketchRows, bin_of, bucket_of, code_of, label_of
from boxgauge.engine.summary import outcomes_of


def ordered_rows(
    rows: SketchRows,
    patterns: tuple[bytes, ...],
    settings: EvaluationSettings,
    groups: NDArray[np.uint8] | None = None,
) -> OrderedRows:
    """Return the rows that count something.

    Args:
        rows: Ids ascending; one may occur once a group.
        patterns: By their codes.
        settings: Of the sketch.
        groups: Of each row, by default 0.
    """
    ids, counts = rows.ids, rows.counts
    counted = counts > 0
    if not counted.all():
        ids, counts = ids[counted], counts[counted]
        groups = None if groups is None else groups[counted]
    bins = bin_of(ids)
    begins = bins[1:] != bins[:-1]
    return OrderedRows(
        label_of(ids),
        np.concatenate([np.zeros(min(len(ids), 1), np.int64), np.cumsum(begins)]),
        code_of(ids),
        counts,
        bucket_of(ids),
        np.zeros(len(ids), np.int64) if groups is None else groups.astype(np.int64),
        outcomes_of(patterns, settings),
    )
