"""What looks closer than AP: accumulators over matched images, and what they report."""

from boxgauge.engine.analysis.confusion import Confusion, ConfusionMatrix
from boxgauge.engine.analysis.lrp import ClassLrp, LrpErrors, LrpReport
from boxgauge.engine.analysis.repairs import ErrorDecomposition, ErrorKind
from boxgauge.engine.analysis.tide import TideErrors

__all__ = [
    "ClassLrp",
    "Confusion",
    "ConfusionMatrix",
    "ErrorDecomposition",
    "ErrorKind",
    "LrpErrors",
    "LrpReport",
    "TideErrors",
]
