"""One image's side as it is recorded: a batch of one, so that what is sent later is fixed now."""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from boxgauge.client.batches import ground_truth_batch, prediction_batch
from boxgauge.client.image_columns import Moment
from boxgauge.frames import BoxFormat, ImageId, InvalidInputError
from boxgauge.v1 import frames_pb2 as pb

FrameBatch = pb.PredictionBatch | pb.GroundTruthBatch
_PREDICTIONS, _GROUND_TRUTH = b"p", b"g"
NO_TAGS: Mapping[str, str] = {}


def predictions_of(
    image_id: ImageId,
    boxes: ArrayLike = (),
    labels: ArrayLike = (),
    scores: ArrayLike = (),
    *,
    taken_at: Moment | None = None,
    tags: Mapping[str, str] = NO_TAGS,
    cluster: str = "",
    revision: int = 0,
    box_format: BoxFormat | str = BoxFormat.XYWH,
    retracted: bool = False,
) -> bytes:
    """Return an image's predictions as they are recorded; without a time they were taken now."""
    if not isinstance(tags, Mapping):
        raise InvalidInputError.at("tags", repr(tags)[:80], "values by key")
    made = prediction_batch(
        [image_id],
        [_rows(boxes)],
        boxes,
        labels,
        scores,
        box_format=box_format,
        revisions=[revision],
        event_times=[time.time() if taken_at is None else taken_at],
        tags={key: [value] for key, value in tags.items()},
        clusters=[cluster] if cluster else (),
        retracted=[retracted] if retracted else (),
    )
    return _PREDICTIONS + made.SerializeToString()


def ground_truth_of(
    image_id: ImageId,
    boxes: ArrayLike = (),
    labels: ArrayLike = (),
    *,
    areas: ArrayLike | None = None,
    crowd: ArrayLike | None = None,
    ignore: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    source: str = "",
    revision: int = 0,
    box_format: BoxFormat | str = BoxFormat.XYWH,
    retracted: bool = False,
) -> bytes:
    """Return an image's ground truth as it is recorded."""
    made = ground_truth_batch(
        [image_id],
        [_rows(boxes)],
        boxes,
        labels,
        areas=areas,
        crowd=crowd,
        ignore=ignore,
        ids=ids,
        box_format=box_format,
        revisions=[revision],
        sources=[source] if source else (),
        retracted=[retracted] if retracted else (),
    )
    return _GROUND_TRUTH + made.SerializeToString()


def frame_from(payload: bytes) -> FrameBatch:
    """Return the batch of one that was recorded."""
    kind: type[FrameBatch] = (
        pb.PredictionBatch if payload[:1] == _PREDICTIONS else pb.GroundTruthBatch
    )
    return kind.FromString(payload[1:])


def image_id_of(frame: FrameBatch) -> ImageId:
    """Return the image of a batch of one."""
    ids: Sequence[ImageId] = frame.image_ids.integers or frame.image_ids.strings
    return ids[0]


def _rows(boxes: ArrayLike) -> int:
    shape = np.shape(boxes)
    return shape[0] if shape else 1  # a lone number is refused by its shape
