"""The run-time core, in process: graphs, matching, tallies, reports; no gRPC, no torch."""

from boxgauge.engine.ahead import available_cores
from boxgauge.engine.batching import Batcher
from boxgauge.engine.engine import Engine, check_inputs
from boxgauge.engine.evaluate import Evaluation, evaluate
from boxgauge.engine.matched_images import Accumulator, MatchedImages
from boxgauge.engine.matches import Matches
from boxgauge.engine.matching import match_images
from boxgauge.engine.pooling import POOLED
from boxgauge.engine.report import (
    ClassReport,
    Curves,
    MeanLosses,
    OperatingPoint,
    Report,
    Statistics,
)
from boxgauge.engine.repository import GraphSpec, ModelRepository, Port, find_graphs
from boxgauge.engine.sessions import PROVIDERS, available_providers, runtime_version
from boxgauge.engine.settings import (
    COCO_AREAS,
    COCO_IOU_THRESHOLDS,
    AreaRange,
    EvaluationSettings,
    ObjectClass,
    check_classes,
)
from boxgauge.engine.sketch import SketchReport, SketchSnapshot, SketchTally
from boxgauge.engine.tally import ExactTally
from boxgauge.engine.tally_snapshot import TallySnapshot

__all__ = [
    "COCO_AREAS",
    "COCO_IOU_THRESHOLDS",
    "POOLED",
    "PROVIDERS",
    "Accumulator",
    "AreaRange",
    "Batcher",
    "ClassReport",
    "Curves",
    "Engine",
    "Evaluation",
    "EvaluationSettings",
    "ExactTally",
    "GraphSpec",
    "MatchedImages",
    "Matches",
    "MeanLosses",
    "ModelRepository",
    "ObjectClass",
    "OperatingPoint",
    "Port",
    "Report",
    "SketchReport",
    "SketchSnapshot",
    "SketchTally",
    "Statistics",
    "TallySnapshot",
    "available_cores",
    "available_providers",
    "check_classes",
    "check_inputs",
    "evaluate",
    "find_graphs",
    "match_images",
    "runtime_version",
]
