"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.voc import evaluate_voc
from boxgauge.engine.analysis.voc_report import VocAverages, VocClass, VocReport, VocSettings

__all__ = ["VocAverages", "VocClass", "VocReport", "VocSettings", "evaluate_voc"]
