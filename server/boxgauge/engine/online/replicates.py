"""The statistics of each replicate of the jackknife, and the intervals that follow."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.student import t_quantile
from boxgauge.engine.online.jackknife import LeftOut
from boxgauge.engine.settings import EvaluationSettings

CONFIDENCE = 0.95

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """Statistics without each group that has images, NaN where undefined.

    Attributes:
        statistics: In the order of `Statistics`, [groups, 12].
        class_ap: AP of each class, [groups, classes].
    """

    statistics: Float64
    class_ap: Float64

    @classmethod
    def of(cls, left_out: LeftOut, settings: EvaluationSettings) -> "Replicates":
        """Return the statistics; a group without images is no replicate."""
        precision, recall = left_out.precision, left_out.recall
        ious, names = settings.iou_thresholds, [each.name for each in settings.areas]
        lower = left_out.first_recall.shape[1]
        absent = np.full(len(precision), np.nan)

        def at(iou: float) -> Float64:
            return _mean(precision[:, 0, ious.index(iou)]) if iou in ious else absent

        def sized(curves: Float64, name: str) -> Float64:
            return _mean(curves[:, names.index(name)]) if name in names else absent

        def reached(number: int) -> Float64:
            """Recall with the first, second or last maximum; where there are fewer, the last."""
            is_lower = number < min(lower, 2)
            return _mean(left_out.first_recall[:, number] if is_lower else recall[:, 0])

        no_hundred = settings.strict and 100 not in settings.max_detections
        sizes = ("small", "medium", "large")
        columns = (
            absent if no_hundred else _mean(precision[:, 0]),
            at(0.5),
            at(0.75),
            *(sized(precision, name) for name in sizes),
            *(reached(m) for m in range(3)),
            *(sized(recall, name) for name in sizes),
        )
        # Undefined at one threshold is undefined at all.
        return cls(np.stack(columns, axis=1), precision[:, 0].mean(axis=1))


def standard_errors(replicates: Float64) -> tuple[Float64, NDArray[np.int64]]:
    """Return the standard error of each column, NaN of fewer than 2, and how many define it.

    References:
        Kott, "The Delete-a-Group Jackknife", Journal of Official Statistics 17(4), 2001.
    """
    defined = ~np.isnan(replicates)
    n = defined.sum(axis=0)
    values = np.where(defined, replicates, 0.0)
    # Without a detour over the values' own size, so that equal replicates have no error.
    shift = values - np.where(defined, values.max(axis=0, initial=0.0), 0.0)
    mean = shift.sum(axis=0) / np.maximum(n, 1)
    squares = np.where(defined, np.square(shift - mean), 0.0).sum(axis=0)
    error = np.sqrt(np.maximum(n - 1, 0) / np.maximum(n, 1) * squares)
    return np.where(n < 2, np.nan, error), n


@cache
def reach(replicates: int) -> float:
    """Return how many standard errors a 95% interval reaches to either side."""
    return t_quantile((1 + CONFIDENCE) / 2, replicates - 1)


def _mean(values: Float64) -> Float64:
    """Return the mean of what is defined of each replicate, NaN of nothing."""
    defined, axes = ~np.isnan(values), tuple(range(1, values.ndim))
    n = defined.sum(axis=axes)
    sums = np.where(defined, values, 0.0).sum(axis=axes)
    return np.where(n > 0, sums / np.maximum(n, 1), np.nan)
