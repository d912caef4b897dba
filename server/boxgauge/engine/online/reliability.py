"""What scores mean: detections and true positives by score."""

import numpy as np

from boxgauge.engine.analysis.calibration import BINS
from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import FIXED_POINT
from boxgauge.engine.online.quality import ScoreCalibration
from boxgauge.engine.online.scored import Scored
from boxgauge.engine.sketch.events import TRUE_POSITIVE

CALIBRATION_ERRORS = "calibration_errors"


def score_calibration(engine: Engine, scored: Scored, threshold: int) -> ScoreCalibration:
    """Return the calibration over the first area range at one IoU threshold.

    Of a sketch, a detection's score is taken for the middle of its bin by the logit, from
    which it is less than an eighth of the bin's width in logits away.

    Args:
        engine: Holds the graph.
        scored: The rows.
        threshold: Position of the IoU threshold.
    """
    rows = scored.rows
    outcome = rows.outcomes[:, 0, threshold][rows.code]
    edges = np.linspace(0.0, 1.0, BINS + 1)
    seen = np.where(outcome <= TRUE_POSITIVE, rows.counts, 0)
    detections, sums = scored.binned(edges[1:-1], seen)
    tp, _ = scored.binned(edges[1:-1], np.where(outcome == TRUE_POSITIVE, rows.counts, 0))
    counts = np.stack(
        [detections, tp, np.round(sums * FIXED_POINT).astype(np.int64), np.zeros_like(tp)], axis=1
    )
    found = engine.run(CALIBRATION_ERRORS, {"counts": counts[None], "least": np.array([1])})
    return ScoreCalibration(
        float(found["d_ece"][0]) if detections.any() else None,
        edges,
        detections,
        tp,
        sums / np.maximum(detections, 1),
    )
