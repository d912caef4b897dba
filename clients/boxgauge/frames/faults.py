"""Which images of a batch hold values that may not be, with a reason for each."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames.columns import Bool, Frames, GroundTruths, Predictions
from boxgauge.frames.errors import InvalidInputError

_SIDES = "xywh"


def prediction_faults(
    predictions: Predictions, *, probability: bool, classes: NDArray[np.int64] | None = None
) -> dict[int, InvalidInputError]:
    """Return the first fault of each bad image, by its position in the batch.

    Args:
        predictions: The batch to judge.
        probability: Scores must lie in [0, 1]; else any finite score will do.
        classes: The class ids that may occur, sorted; None allows all.
    """
    scores = predictions.scores
    found: dict[int, InvalidInputError] = {}
    low, high = (0.0, 1.0) if probability else (-np.inf, np.inf)
    sane = np.isfinite(scores) & (scores >= low) & (scores <= high)
    wanted = "a probability in [0, 1]" if probability else "finite"
    for image, row, at in _first_rows(predictions, ~sane):
        found[image] = InvalidInputError.at(f"scores[{at}]", scores[row], wanted)
    return _shared_faults(predictions, classes) | found


def ground_truth_faults(
    ground_truths: GroundTruths, *, classes: NDArray[np.int64] | None = None
) -> dict[int, InvalidInputError]:
    """Return the first fault of each bad image, by its position in the batch."""
    areas = ground_truths.areas
    found: dict[int, InvalidInputError] = {}
    for image, row, at in _first_rows(ground_truths, ~(np.isfinite(areas) & (areas >= 0))):
        found[image] = InvalidInputError.at(f"areas[{at}]", areas[row], "finite and at least 0")
    return _shared_faults(ground_truths, classes) | found


def _shared_faults(
    frames: Frames, classes: NDArray[np.int64] | None
) -> dict[int, InvalidInputError]:
    found: dict[int, InvalidInputError] = {}
    if classes is not None:
        known = np.isin(frames.labels, classes)
        for image, row, at in _first_rows(frames, ~known):
            label = int(frames.labels[row])
            found[image] = InvalidInputError.at(f"labels[{at}]", label, "a class of this monitor")
    boxes = frames.boxes
    finite = np.isfinite(boxes)
    sane = finite.copy()
    sane[:, 2:] &= boxes[:, 2:] >= 0
    for image, row, at in _first_rows(frames, np.asarray(~sane.all(axis=1))):
        side = int(np.argmin(sane[row]))
        wanted = "at least 0" if finite[row, side] else "finite"
        found[image] = InvalidInputError.at(f"boxes[{at}].{_SIDES[side]}", boxes[row, side], wanted)
    return found


def _first_rows(frames: Frames, bad: Bool) -> list[tuple[int, int, int]]:
    """Return (image, row in the batch, row in the image) of the first bad row of each image."""
    if not bad.any():
        return []
    rows = np.flatnonzero(bad)
    images, first = np.unique(frames.image_index[rows], return_index=True)
    offsets = frames.offsets
    return [
        (int(image), int(rows[k]), int(rows[k] - offsets[image]))
        for image, k in zip(images, first, strict=True)
    ]
