"""Two sides brought together: the classes asked for, the same images in the same order."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import (
    Frames,
    GroundTruths,
    ImageId,
    Predictions,
    ground_truth_faults,
    prediction_faults,
    refuse_first,
)

F = TypeVar("F", bound=Frames)


def check_values(predictions: Predictions, ground_truths: GroundTruths) -> None:
    """Check boxes, scores and areas of both sides.

    Raises:
        InvalidInputError: One is not finite or beyond reason, a size or an area is negative;
            names side, image, field and value.
    """
    refuse_first("predictions", predictions, prediction_faults(predictions, probability=False))
    refuse_first("ground_truths", ground_truths, ground_truth_faults(ground_truths))


def of_classes(frames: F, class_ids: NDArray[np.int64]) -> F:
    """Return the frames without boxes of other classes."""
    return select_rows(frames, np.isin(frames.labels, class_ids))


def select_rows(frames: F, kept: NDArray[np.bool_]) -> F:
    """Return the frames with these boxes only."""
    if kept.all():
        return frames
    counts = np.bincount(frames.image_index[kept], minlength=len(frames))
    columns = (column[kept] for column in frames.columns)
    return type(frames)(frames.image_ids, counts, *columns)


def aligned(frames: F, ids: list[ImageId]) -> F:
    """Return the frames of these images, in this order; an image that is missing is empty."""
    if list(frames.image_ids) == ids:
        return frames
    places = {image_id: k for k, image_id in enumerate(frames.image_ids)}
    present = frames.take([places[image_id] for image_id in ids if image_id in places])
    counts = np.zeros(len(ids), dtype=np.int64)
    counts[[k for k, image_id in enumerate(ids) if image_id in places]] = present.counts
    return type(frames)(tuple(ids), counts, *present.columns)


def slice_images(frames: F, images: range) -> F:
    """Return a run of neighbouring images, without copying."""
    ends = frames.offsets
    rows = slice(int(ends[images.start]), int(ends[images.stop]))
    columns = (column[rows] for column in frames.columns)
    within = slice(images.start, images.stop)
    return type(frames)(frames.image_ids[within], frames.counts[within], *columns)
