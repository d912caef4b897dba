"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.averages import Average, Averages
from boxgauge.engine.analysis.bins import Calibration, ReliabilityCurve
from boxgauge.engine.analysis.calibration import CalibrationReport, CalibrationTally
from boxgauge.engine.analysis.comparison import Comparison, Difference, compare
from boxgauge.engine.analysis.confusion import Confusion, ConfusionMatrix
from boxgauge.engine.analysis.intervals import Interval, Intervals, bootstrap, jackknife
from boxgauge.engine.analysis.lrp import ClassLrp, LrpErrors, LrpReport
from boxgauge.engine.analysis.lvis import LVIS_AREAS, evaluate_lvis
from boxgauge.engine.analysis.lvis_report import (
    FederatedLabels,
    Frequency,
    LvisReport,
    LvisStatistics,
)
from boxgauge.engine.analysis.masks import ClassPixels, PixelReport, PixelTally
from boxgauge.engine.analysis.position_calibration import PositionCalibrationTally
from boxgauge.engine.analysis.repairs import ErrorDecomposition, ErrorKind
from boxgauge.engine.analysis.resampling import Resampler, ResamplingTally
from boxgauge.engine.analysis.score_curve import ScoreCurve, ScorePoint
from boxgauge.engine.analysis.score_curves import ScoreCurves, score_curves
from boxgauge.engine.analysis.tide import TideErrors
from boxgauge.engine.analysis.voc import evaluate_voc
from boxgauge.engine.analysis.voc_report import VocAverages, VocClass, VocReport, VocSettings
from boxgauge.engine.analysis.worst_images import ImageErrors, WorstImages

__all__ = [
    "LVIS_AREAS",
    "Average",
    "Averages",
    "Calibration",
    "CalibrationReport",
    "CalibrationTally",
    "ClassLrp",
    "ClassPixels",
    "Comparison",
    "Confusion",
    "ConfusionMatrix",
    "Difference",
    "ErrorDecomposition",
    "ErrorKind",
    "FederatedLabels",
    "Frequency",
    "ImageErrors",
    "Interval",
    "Intervals",
    "LrpErrors",
    "LrpReport",
    "LvisReport",
    "LvisStatistics",
    "PixelReport",
    "PixelTally",
    "PositionCalibrationTally",
    "ReliabilityCurve",
    "Resampler",
    "ResamplingTally",
    "ScoreCurve",
    "ScoreCurves",
    "ScorePoint",
    "TideErrors",
    "VocAverages",
    "VocClass",
    "VocReport",
    "VocSettings",
    "WorstImages",
    "bootstrap",
    "compare",
    "evaluate_lvis",
    "evaluate_voc",
    "jackknife",
    "score_curves",
]
