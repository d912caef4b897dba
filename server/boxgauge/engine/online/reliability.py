"""What scores mean: detections and true positives by score."""

import numpy as np

from boxgauge.engine.analysis.calibration import BINS
from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import FIXED_POINT
from boxgauge.engine.online.quality import ScoreCalibration
from boxgauge.engine.online.scored import ByScore

CALIBRATION_ERRORS = "calibration_errors"
EDGES = np.linspace(0.0, 1.0, BINS + 1)


def score_calibration(engine: Engine, found: ByScore) -> ScoreCalibration:
    """Return the calibration.

    Of a sketch, a detection's score is taken for the middle of its bin by the logit, from
    which it is less than an eighth of the bin's width in logits away.

    Args:
        engine: Holds the graph.
        found: By the bins between `EDGES`.
    """
    seen, tp, sums = found.binned
    detections, true_positives = seen.astype(np.int64), tp.astype(np.int64)
    units = np.round(sums * FIXED_POINT).astype(np.int64)
    counts = np.stack([detections, true_positives, units, np.zeros_like(units)], axis=1)
    errors = engine.run(CALIBRATION_ERRORS, {"counts": counts[None], "least": np.array([1])})
    return ScoreCalibration(
        float(errors["d_ece"][0]) if detections.any() else None,
        EDGES,
        detections,
        true_positives,
        sums / np.maximum(detections, 1),
    )
