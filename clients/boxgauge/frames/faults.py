"""Which images of a batch hold values that may not be, with a reason for each."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames.boxes import sane_numbers, wanted_number
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
    # A fault of the box comes first: the area may follow from it.
    return found | _shared_faults(ground_truths, classes)


def refuse_first(side: str, frames: Frames, faults: dict[int, InvalidInputError]) -> None:
    """Raise the first fault of a batch, if there is one, with side and image.

    Raises:
        InvalidInputError: There is one.
    """
    if faults:
        position = min(faults)
        image_id, fault = frames.image_ids[position], faults[position]
        raise InvalidInputError(
            f"{side} of image {image_id!r}: {fault}",
            field=f"{side}[{image_id!r}].{fault.field}",
            value=fault.value,
        )


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
    sane = sane_numbers(boxes)
    if sane.all():  # as a rule: looking for rows costs more than all the rest
        return found
    for image, row, at in _first_rows(frames, np.asarray(~sane.all(axis=1))):
        side = int(np.argmin(sane[row]))
        value = boxes[row, side]
        found[image] = InvalidInputError.at(
            f"boxes[{at}].{_SIDES[side]}", value, wanted_number(value)
        )
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
