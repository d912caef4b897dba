"""Arrays and frames as columnar batches, without losing a bit."""

from collections.abc import AsyncIterable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from boxgauge.frames import (
    BoxFormat,
    Frames,
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
    check_image_ids,
)
from boxgauge.v1 import frames_pb2 as pb

F = TypeVar("F", bound=Frames)

Batch = pb.PredictionBatch | pb.GroundTruthBatch | Predictions | GroundTruths

_FORMATS = {
    BoxFormat.XYXY: pb.BOX_FORMAT_XYXY,
    BoxFormat.XYWH: pb.BOX_FORMAT_XYWH,
    BoxFormat.CXCYWH: pb.BOX_FORMAT_CXCYWH,
}
_KINDS = {
    "<f8": "numbers that float64 holds",
    "<i8": "whole numbers (int64)",
    "?": "true or false (bool)",
}
_MAX_COUNT = 2**32 - 1


def prediction_batch(
    image_ids: Sequence[ImageId],
    counts: ArrayLike,
    boxes: ArrayLike,
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    box_format: BoxFormat | str = BoxFormat.XYWH,
    revisions: Sequence[int] = (),
) -> pb.PredictionBatch:
    """Return predictions of a batch of images, ready to send.

    float32 and float64 travel as they are; float16 and small integers widen, which
    loses nothing. Values are judged by the service, image by image.

    Args:
        image_ids: One a image, all integers or all strings, distinct.
        counts: Boxes of each image; 0 is "the detector found nothing".
        boxes: Rows of 4 numbers in ``box_format``, pixels, [n, 4].
        labels: Class ids, integers, [n].
        scores: Confidence, [n]. A monitor takes [0, 1], an evaluation any finite one.
        box_format: Meaning of the four numbers.
        revisions: One an image, or none for all 0. A higher one replaces.

    Raises:
        InvalidInputError: Lengths, shapes or types do not fit; names the field.
    """
    ids_message, images = _image_ids(image_ids)
    sizes, rows = _counts(counts, images)
    box_bytes, box_type = _floats("boxes", boxes, (rows, 4))
    score_bytes, score_type = _floats("scores", scores, (rows,))
    return pb.PredictionBatch(
        image_ids=ids_message,
        counts=sizes,
        boxes=box_bytes,
        box_format=_box_format(box_format),
        box_type=box_type,
        scores=score_bytes,
        score_type=score_type,
        labels=_exact("labels", labels, "<i8", rows),
        revisions=_revisions(revisions, images),
    )


def ground_truth_batch(
    image_ids: Sequence[ImageId],
    counts: ArrayLike,
    boxes: ArrayLike,
    labels: ArrayLike,
    *,
    areas: ArrayLike | None = None,
    crowd: ArrayLike | None = None,
    ignore: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    box_format: BoxFormat | str = BoxFormat.XYWH,
    revisions: Sequence[int] = (),
) -> pb.GroundTruthBatch:
    """Return the ground truth of a batch of images, ready to send.

    Args:
        image_ids: One an image, all integers or all strings, distinct.
        counts: Boxes of each image; 0 is "no objects", which is a label.
        boxes: Rows of 4 numbers in ``box_format``, pixels, [n, 4].
        labels: Class ids, integers, [n].
        areas: px² that decide the size range, [n]; None: w·h.
        crowd: Regions of many objects, booleans, [n]; None: none.
        ignore: Counted neither way, booleans, [n]; None: none.
        ids: Annotation ids, integers, [n]; None: numbered. Only strict mode reads them.
        box_format: Meaning of the four numbers.
        revisions: One an image, or none for all 0. A higher one replaces.

    Raises:
        InvalidInputError: Lengths, shapes or types do not fit; names the field.
    """
    ids_message, images = _image_ids(image_ids)
    sizes, rows = _counts(counts, images)
    box_bytes, box_type = _floats("boxes", boxes, (rows, 4))
    return pb.GroundTruthBatch(
        image_ids=ids_message,
        counts=sizes,
        boxes=box_bytes,
        box_format=_box_format(box_format),
        box_type=box_type,
        labels=_exact("labels", labels, "<i8", rows),
        areas=b"" if areas is None else _exact("areas", areas, "<f8", rows),
        crowd=b"" if crowd is None else _exact("crowd", crowd, "?", rows),
        ignore=b"" if ignore is None else _exact("ignore", ignore, "?", rows),
        ids=b"" if ids is None else _exact("ids", ids, "<i8", rows),
        revisions=_revisions(revisions, images),
    )


def to_message(batches: Batch | Sequence[Batch]) -> pb.Frames:
    """Return what one message carries; frames with mixed image ids become two batches."""
    message = pb.Frames()
    for batch in _listed(batches):
        if isinstance(batch, pb.PredictionBatch):
            message.predictions.append(batch)
        elif isinstance(batch, pb.GroundTruthBatch):
            message.ground_truths.append(batch)
        elif isinstance(batch, Predictions):
            message.predictions.extend(_of_predictions(part) for part in _by_id_type(batch))
        elif isinstance(batch, GroundTruths):
            message.ground_truths.extend(_of_ground_truths(part) for part in _by_id_type(batch))
        else:
            _refuse(batch)
    return message


def check_source(batches: object) -> None:
    """Refuse what is one batch where an iterable of messages is wanted.

    Raises:
        InvalidInputError: It is one batch, or cannot be iterated.
    """
    if isinstance(batches, Batch | str | bytes) or not isinstance(
        batches, Iterable | AsyncIterable
    ):
        raise InvalidInputError.at("batches", _shown(batches), "a list or iterator of messages")


def _listed(batches: object) -> Iterable[object]:
    if isinstance(batches, Batch):
        return [batches]
    if isinstance(batches, str | bytes) or not isinstance(batches, Iterable):
        _refuse(batches)
    return batches


def _refuse(batch: object) -> NoReturn:
    wanted = "predictions or ground truths, as batches or frames"
    raise InvalidInputError.at("batches", _shown(batch), wanted)


def _shown(batch: object) -> str:
    return repr(batch)[:40] if isinstance(batch, str | bytes) else f"one {type(batch).__name__}"


def _by_id_type(frames: F) -> list[F]:
    kinds = [isinstance(image_id, int) for image_id in frames.image_ids]
    if all(kinds) or not any(kinds):
        return [frames]
    integers = [k for k, is_integer in enumerate(kinds) if is_integer]
    strings = [k for k, is_integer in enumerate(kinds) if not is_integer]
    return [frames.take(integers), frames.take(strings)]


def _of_predictions(frames: Predictions) -> pb.PredictionBatch:
    return prediction_batch(
        frames.image_ids, frames.counts, frames.boxes, frames.labels, frames.scores
    )


def _of_ground_truths(frames: GroundTruths) -> pb.GroundTruthBatch:
    return ground_truth_batch(
        frames.image_ids,
        frames.counts,
        frames.boxes,
        frames.labels,
        areas=frames.areas,
        crowd=frames.crowd,
        ignore=frames.ignore,
        ids=frames.ids,
    )


def _image_ids(given: Sequence[ImageId]) -> tuple[pb.ImageIds, int]:
    ids = check_image_ids(given)
    integers = [each for each in ids if isinstance(each, int)]
    strings = [each for each in ids if isinstance(each, str)]
    if integers and strings:
        both = f"{integers[0]} and {strings[0]!r}"
        raise InvalidInputError.at("image_ids", both, "all integers or all strings")
    return pb.ImageIds(integers=integers, strings=strings), len(ids)


def _counts(given: ArrayLike, images: int) -> tuple[list[int], int]:
    counts = np.frombuffer(_exact("counts", given, "<i8", images), "<i8").tolist()
    for k, count in enumerate(counts):
        if not 0 <= count <= _MAX_COUNT:
            raise InvalidInputError.at(f"counts[{k}]", count, "at least 0 and 32 bits")
    return counts, sum(counts)


def _floats(name: str, given: ArrayLike, shape: tuple[int, ...]) -> tuple[bytes, pb.FloatType]:
    array = np.asarray(given)
    if array.size == 0 and 0 in shape:
        return b"", pb.FLOAT_TYPE_FLOAT64
    _check_shape(name, array, shape)
    if np.can_cast(array.dtype, np.float32, "safe"):
        return array.astype("<f4").tobytes(), pb.FLOAT_TYPE_FLOAT32
    if np.can_cast(array.dtype, np.float64, "safe") and not _may_round(array):
        return array.astype("<f8").tobytes(), pb.FLOAT_TYPE_FLOAT64
    raise InvalidInputError.at(name, array.dtype, "float32 or float64, or widen to it exactly")


def _may_round(array: NDArray[Any]) -> bool:
    """Say whether 64-bit integers, which numpy calls safe, would round as doubles."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8:
        return False
    return bool((array.astype(np.float64).astype(array.dtype) != array).any())


def _exact(name: str, given: ArrayLike, dtype: str, length: int) -> bytes:
    array = np.asarray(given)
    if array.size == 0 and length == 0:
        return b""
    _check_shape(name, array, (length,))
    if not np.can_cast(array.dtype, dtype, "safe"):
        raise InvalidInputError.at(name, array.dtype, _KINDS[dtype])
    return array.astype(dtype).tobytes()


def _check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise InvalidInputError.at(name, list(array.shape), f"of shape {list(shape)}")


def _box_format(given: BoxFormat | str) -> pb.BoxFormat:
    try:
        return _FORMATS[BoxFormat(given)]
    except ValueError:
        known = ", ".join(BoxFormat)
        raise InvalidInputError.at("box_format", repr(given), f"one of {known}") from None


def _revisions(given: Sequence[int], images: int) -> Sequence[int]:
    if len(given) not in (0, images):
        wanted = f"one for each of {images} images, or none"
        raise InvalidInputError.at("revisions", f"{len(given)} revisions", wanted)
    return [_revision(k, each) for k, each in enumerate(given)]


def _revision(k: int, given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int | np.integer):
        raise InvalidInputError.at(f"revisions[{k}]", repr(given), "a whole number")
    if not 0 <= given < 2**64:
        raise InvalidInputError.at(f"revisions[{k}]", given, "at least 0 and 64 bits")
    return int(given)
