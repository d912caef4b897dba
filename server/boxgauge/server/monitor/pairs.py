"""The bound on one image's candidate pairs, kept before the image is stored."""

import numpy as np

from boxgauge.engine.matching import MAX_PAIRS
from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.monitor.join import Stored
from boxgauge.server.monitor.rows import GROUND_TRUTH, PREDICTION
from boxgauge.server.monitor.sides import Side


def check_pairs(side: Side, came: Stored, partner: Stored, *, most: int) -> None:
    """Check that both sides of an image make no more pairs of one class than a run takes.

    An image over the bound can never be matched, so it must not be held.

    Args:
        side: Which one came.
        came: The side that came.
        partner: The other side.
        most: Detections of one class that are matched at all.

    Raises:
        ResourceExhaustedError: There would be more.
    """
    if came.boxes * partner.boxes <= MAX_PAIRS:
        return
    came_is_predicted = side is Side.PREDICTIONS
    predictions, ground_truth = (came, partner) if came_is_predicted else (partner, came)
    predicted = np.frombuffer(predictions.rows, PREDICTION)["labels"]
    true, counts = np.unique(
        np.frombuffer(ground_truth.rows, GROUND_TRUTH)["labels"], return_counts=True
    )
    pairs = sum(
        min(int((predicted == label).sum()), most) * int(count)
        for label, count in zip(true, counts, strict=True)
    )
    if pairs > MAX_PAIRS:
        raise ResourceExhaustedError(
            f"one image may have at most {MAX_PAIRS} pairs of a detection and a ground truth"
            f" of one class: got {pairs}",
            field="boxes",
            value=pairs,
        )
