"""What one message of frames carries, whatever its parts were given as."""

from collections.abc import AsyncIterable, Iterable, Sequence
from typing import NoReturn, TypeVar

from boxgauge.client.batches import ground_truth_batch, prediction_batch
from boxgauge.frames import Frames, GroundTruths, InvalidInputError, Predictions
from boxgauge.v1 import frames_pb2 as pb

F = TypeVar("F", bound=Frames)

Batch = pb.PredictionBatch | pb.GroundTruthBatch | Predictions | GroundTruths


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
