"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.lvis import LVIS_AREAS, evaluate_lvis
from boxgauge.engine.analysis.lvis_report import (
    FederatedLabels,
    Frequency,
    LvisReport,
    LvisStatistics,
)
from boxgauge.engine.analysis.voc import evaluate_voc
from boxgauge.engine.analysis.voc_report import VocAverages, VocClass, VocReport, VocSettings
from boxgauge.engine.analysis.worst_images import ImageErrors, WorstImages

__all__ = [
    "LVIS_AREAS",
    "FederatedLabels",
    "Frequency",
    "ImageErrors",
    "LvisReport",
    "LvisStatistics",
    "VocAverages",
    "VocClass",
    "VocReport",
    "VocSettings",
    "WorstImages",
    "evaluate_lvis",
    "evaluate_voc",
]
