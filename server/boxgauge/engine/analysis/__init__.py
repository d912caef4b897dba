"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.comparison import Comparison, Difference, compare
from boxgauge.engine.analysis.intervals import Interval, Intervals, bootstrap, jackknife
from boxgauge.engine.analysis.resampling import Resampler, ResamplingTally

__all__ = [
    "Comparison",
    "Difference",
    "Interval",
    "Intervals",
    "Resampler",
    "ResamplingTally",
    "bootstrap",
    "compare",
    "jackknife",
]
