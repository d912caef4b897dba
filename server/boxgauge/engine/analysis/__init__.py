"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.confusion import Confusion, ConfusionMatrix
from boxgauge.engine.analysis.lrp import ClassLrp, LrpErrors, LrpReport
from boxgauge.engine.analysis.lvis import LVIS_AREAS, evaluate_lvis
from boxgauge.engine.analysis.lvis_report import (
    FederatedLabels,
    Frequency,
    LvisReport,
    LvisStatistics,
)
from boxgauge.engine.analysis.repairs import ErrorDecomposition, ErrorKind
from boxgauge.engine.analysis.tide import TideErrors
from boxgauge.engine.analysis.voc import evaluate_voc
from boxgauge.engine.analysis.voc_report import VocAverages, VocClass, VocReport, VocSettings

__all__ = [
    "LVIS_AREAS",
    "ClassLrp",
    "Confusion",
    "ConfusionMatrix",
    "ErrorDecomposition",
    "ErrorKind",
    "FederatedLabels",
    "Frequency",
    "LrpErrors",
    "LrpReport",
    "LvisReport",
    "LvisStatistics",
    "TideErrors",
    "VocAverages",
    "VocClass",
    "VocReport",
    "VocSettings",
    "evaluate_lvis",
    "evaluate_voc",
]
