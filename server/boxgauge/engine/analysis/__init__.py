"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.bins import Calibration, ReliabilityCurve
from boxgauge.engine.analysis.calibration import (
    CalibrationReport,
    CalibrationTally,
    PositionCalibrationTally,
)
from boxgauge.engine.analysis.comparison import Comparison, Difference, compare
from boxgauge.engine.analysis.intervals import Interval, Intervals, bootstrap, jackknife
from boxgauge.engine.analysis.masks import ClassPixels, PixelReport, PixelTally
from boxgauge.engine.analysis.resampling import Resampler, ResamplingTally

__all__ = [
    "Calibration",
    "CalibrationReport",
    "CalibrationTally",
    "ClassPixels",
    "Comparison",
    "Difference",
    "Interval",
    "Intervals",
    "PixelReport",
    "PixelTally",
    "PositionCalibrationTally",
    "ReliabilityCurve",
    "Resampler",
    "ResamplingTally",
    "bootstrap",
    "compare",
    "jackknife",
]
