"""The bounds on one image's detections and candidate pairs, kept before it is stored."""

import numpy as np

from boxgauge.engine import EvaluationSettings
from boxgauge.engine.matching import image_bounds
from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.journal.types import CameFrame, HeldSide
from boxgauge.server.monitor.rows import GROUND_TRUTH, PREDICTION


class PairBounds:
    """The most that one image of a monitor may have.

    Args:
        settings: Their thresholds and areas decide how much that is.
    """

    def __init__(self, settings: EvaluationSettings) -> None:
        self._max_pairs, self._max_detections = image_bounds(settings)
        self._most = settings.max_detections[-1]

    def check(self, came: CameFrame, partner: HeldSide) -> None:
        """Check that both sides of an image are no more than a run takes.

        An image over the bound can never be matched, so it must not be held.

        Args:
            came: The side that came.
            partner: The other side.

        Raises:
            ResourceExhaustedError: There would be more.
        """
        max_pairs, max_detections = self._max_pairs, self._max_detections
        predictions, ground_truth = (came, partner) if came.model else (partner, came)
        if predictions.boxes > max_detections:
            raise ResourceExhaustedError(
                f"one image may have at most {max_detections} detections: got {predictions.boxes}",
                field="boxes",
                value=predictions.boxes,
            )
        if came.boxes * partner.boxes <= max_pairs:
            return
        predicted = np.frombuffer(predictions.rows, PREDICTION)["labels"]
        true, counts = np.unique(
            np.frombuffer(ground_truth.rows, GROUND_TRUTH)["labels"], return_counts=True
        )
        pairs = sum(
            min(int((predicted == label).sum()), self._most) * int(count)
            for label, count in zip(true, counts, strict=True)
        )
        if pairs > max_pairs:
            raise ResourceExhaustedError(
                f"one image may have at most {max_pairs} pairs of a detection and a ground truth"
                f" of one class: got {pairs}",
                field="boxes",
                value=pairs,
            )
