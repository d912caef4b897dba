"""The sketch of a tally: bounded memory, and intervals that are certain to hold."""

from boxgauge.engine.sketch.bounds import CertifiedCurves
from boxgauge.engine.sketch.report import Precisions, SketchReport
from boxgauge.engine.sketch.tally import SketchSnapshot, SketchTally

__all__ = ["CertifiedCurves", "Precisions", "SketchReport", "SketchSnapshot", "SketchTally"]
