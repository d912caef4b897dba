"""95% intervals of a report: what the jackknife says, around what is certified."""

import math

from boxgauge.engine.analysis.intervals import Interval, Intervals
from boxgauge.engine.analysis.resampling import STATISTICS
from boxgauge.engine.online.measured import Measured
from boxgauge.engine.online.replicates import CONFIDENCE, reach, standard_errors


def intervals(found: Measured) -> Intervals | None:
    """Return the intervals; None where no group has images.

    The exact value lies between ``low`` and ``high``, and its interval reaches t standard
    errors to either side: from that much below ``low`` to that much above ``high`` contains
    it, wherever the value lies.
    """
    replicates = found.replicates
    groups = len(replicates.statistics)
    if groups == 0:
        return None
    low, middle, high = found.low, found.report, found.high
    errors, defined = standard_errors(replicates.statistics)
    statistics = {}
    for name, error, n in zip(STATISTICS, errors.tolist(), defined.tolist(), strict=True):
        a, b, c = (getattr(each.statistics, name) for each in (low, middle, high))
        statistics[name] = _interval(a, b, c, error, n)
    errors, defined = standard_errors(replicates.class_ap)
    class_ap = tuple(
        (b.object_class, _interval(a.ap, b.ap, c.ap, error, n))
        for a, b, c, error, n in zip(
            low.classes,
            middle.classes,
            high.classes,
            errors.tolist(),
            defined.tolist(),
            strict=True,
        )
    )
    return Intervals(CONFIDENCE, groups, groups, statistics, class_ap)


def _interval(
    low: float | None, value: float | None, high: float | None, error: float, replicates: int
) -> Interval:
    if low is None or high is None or math.isnan(error):
        return Interval(value, None, None, None, replicates)
    span = reach(replicates) * error
    return Interval(value, max(low - span, 0.0), min(high + span, 1.0), error, replicates)
