"""Columnar batches of the contract as frames."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import (
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
    ResourceExhaustedError,
)
from boxgauge.server.monitor.sides import Arrivals, Refusal, Side, SideBatch
from boxgauge.server.wire.frame_forms import ground_truth_runs, prediction_runs
from boxgauge.server.wire.tensors import box_format, column, flags, floats
from boxgauge.v1 import frames_pb2 as pb

T = TypeVar("T")

# Each frame may be refused in words of its own, so that their number bounds the answer: a
# megabyte of malformed ids would otherwise be answered with a gigabyte.
MAX_FRAMES = 16_384

_INT64 = np.dtype("<i8")
_FLOAT64 = np.dtype("<f8")


def arrivals(message: pb.Frames) -> Arrivals:
    """Return every frame of a message that can be read, and a refusal for each other.

    A malformed batch (lengths that do not fit, no stated format) refuses each of its
    images, since none of its rows can be trusted.

    Raises:
        ResourceExhaustedError: There are more frames than a message may have.
    """
    _check_frames(message)
    found = Arrivals()
    for predictions in message.predictions:
        try:
            found.predictions.append(prediction_batch(predictions))
        except InvalidInputError as error:
            found.refused += _refused(Side.PREDICTIONS, predictions.image_ids, error)
    for ground_truths in message.ground_truths:
        try:
            found.ground_truths.append(ground_truth_batch(ground_truths))
        except InvalidInputError as error:
            found.refused += _refused(Side.GROUND_TRUTH, ground_truths.image_ids, error)
    if message.prediction_frames:
        found.predictions += prediction_runs(message.prediction_frames, found.refused)
    if message.ground_truth_frames:
        found.ground_truths += ground_truth_runs(message.ground_truth_frames, found.refused)
    return found


def frame_count(message: pb.Frames) -> int:
    """Return how many frames a message has, both sides."""
    frames = len(message.prediction_frames) + len(message.ground_truth_frames)
    ids = [each.image_ids for each in message.predictions]
    ids += [each.image_ids for each in message.ground_truths]
    return frames + sum(len(each.integers) + len(each.strings) for each in ids)


def _check_frames(message: pb.Frames) -> None:
    frames = frame_count(message)
    batches = len(message.predictions) + len(message.ground_truths)
    # A batch without images is refused as one.
    if frames + batches > MAX_FRAMES:
        raise ResourceExhaustedError(
            f"one message may have at most {MAX_FRAMES} frames and batches:"
            f" got {frames} and {batches}",
            field="frames",
            value=frames,
        )


def prediction_batch(message: pb.PredictionBatch) -> SideBatch[Predictions]:
    """Return the batch, its shapes checked and its values not yet.

    Raises:
        InvalidInputError: A length, type or format is wrong; names the field and value.
    """
    ids = _image_ids(message.image_ids)
    counts, rows = _counts(message.counts, len(ids))
    frames = Predictions.from_arrays(
        ids,
        counts,
        floats("boxes", message.boxes, "box_type", message.box_type, rows, width=4),
        column("labels", message.labels, _INT64, rows),
        floats("scores", message.scores, "score_type", message.score_type, rows),
        box_format=box_format(message.box_format, rows),
    )
    return SideBatch(
        frames,
        _revisions(message.revisions, len(ids)),
        retracted=_one_each("retracted", message.retracted, len(ids)),
        times_us=_one_each("event_times_us", message.event_times_us, len(ids)),
        tags=_tags(message.tags, len(ids)),
        clusters=_one_each("clusters", message.clusters, len(ids)),
    )


def ground_truth_batch(message: pb.GroundTruthBatch) -> SideBatch[GroundTruths]:
    """Return the batch, its shapes checked and its values not yet.

    Raises:
        InvalidInputError: A length, type or format is wrong; names the field and value.
    """
    ids = _image_ids(message.image_ids)
    counts, rows = _counts(message.counts, len(ids))
    frames = GroundTruths.from_arrays(
        ids,
        counts,
        floats("boxes", message.boxes, "box_type", message.box_type, rows, width=4),
        column("labels", message.labels, _INT64, rows),
        areas=column("areas", message.areas, _FLOAT64, rows) if message.areas else None,
        crowd=flags("crowd", message.crowd, rows),
        ignore=flags("ignore", message.ignore, rows),
        ids=column("ids", message.ids, _INT64, rows) if message.ids else numbered(counts),
        box_format=box_format(message.box_format, rows),
    )
    return SideBatch(
        frames,
        _revisions(message.revisions, len(ids)),
        retracted=_one_each("retracted", message.retracted, len(ids)),
        sources=_one_each("sources", message.sources, len(ids)),
    )


def numbered(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 1, 2, … within each image, so that an image's content never depends on its batch."""
    starts = np.cumsum(counts) - counts
    return np.arange(1, int(counts.sum()) + 1, dtype=np.int64) - np.repeat(starts, counts)


def _image_ids(message: pb.ImageIds) -> list[ImageId]:
    if message.integers and message.strings:
        found = f"{len(message.integers)} integers and {len(message.strings)} strings"
        raise InvalidInputError.at("image_ids", found, "integers or strings, not both")
    return list(message.integers) or list(message.strings)


def _counts(given: Sequence[int], images: int) -> tuple[NDArray[np.int64], int]:
    counts = np.array(given, dtype=np.int64)
    if len(counts) != images:
        raise InvalidInputError.at(
            "counts", f"{len(counts)} counts", f"one for each of {images} images"
        )
    return counts, int(counts.sum())


def _revisions(given: Sequence[int], images: int) -> list[int]:
    return _one_each("revisions", given, images) or [0] * images


def _one_each(field: str, given: Sequence[T], images: int) -> list[T]:
    """Return one entry an image, or none at all."""
    if given and len(given) != images:
        wanted = f"one for each of {images} images, or none"
        raise InvalidInputError.at(field, f"{len(given)} {field}", wanted)
    return list(given)


def _tags(columns: Sequence[pb.TagColumn], images: int) -> tuple[tuple[str, Sequence[str]], ...]:
    keys = [each.key for each in columns]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise InvalidInputError.at("tags.key", repr(twice[:80]), "distinct within a batch")
    for each in columns:
        if len(each.values) != images:
            wanted = f"one for each of {images} images"
            field = f"tags[{each.key[:80]}].values"
            raise InvalidInputError.at(field, f"{len(each.values)} values", wanted)
    return tuple((each.key, list(each.values)) for each in columns)


def _refused(side: Side, message: pb.ImageIds, error: InvalidInputError) -> list[Refusal]:
    ids: list[ImageId] = [*message.integers, *message.strings]
    return [Refusal(side, image_id, error) for image_id in ids] or [Refusal(side, None, error)]
