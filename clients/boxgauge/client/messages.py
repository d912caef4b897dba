"""What one message of frames carries, whatever its parts were given as."""

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import NoReturn, TypeVar

from boxgauge.client.batches import NO_TAGS, ground_truth_batch, prediction_batch
from boxgauge.client.image_columns import Moment
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
            message.predictions.extend(prediction_batches(batch))
        elif isinstance(batch, GroundTruths):
            message.ground_truths.extend(ground_truth_batches(batch))
        else:
            _refuse(batch)
    return message


def prediction_batches(
    frames: Predictions,
    *,
    event_times: Sequence[Moment] = (),
    tags: Mapping[str, Sequence[str]] = NO_TAGS,
) -> list[pb.PredictionBatch]:
    """Return frames with what is said of each image; mixed image ids become two batches."""
    return [
        prediction_batch(
            part.image_ids,
            part.counts,
            part.boxes,
            part.labels,
            part.scores,
            event_times=[event_times[k] for k in rows] if event_times else (),
            tags={key: [values[k] for k in rows] for key, values in tags.items()},
        )
        for rows, part in _by_id_type(frames)
    ]


def ground_truth_batches(
    frames: GroundTruths, *, sources: Sequence[str] = ()
) -> list[pb.GroundTruthBatch]:
    """Return frames with the source of each label; mixed image ids become two batches."""
    return [
        ground_truth_batch(
            part.image_ids,
            part.counts,
            part.boxes,
            part.labels,
            areas=part.areas,
            crowd=part.crowd,
            ignore=part.ignore,
            ids=part.ids,
            sources=[sources[k] for k in rows] if sources else (),
        )
        for rows, part in _by_id_type(frames)
    ]


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


def _by_id_type(frames: F) -> list[tuple[Sequence[int], F]]:
    kinds = [isinstance(image_id, int) for image_id in frames.image_ids]
    if all(kinds) or not any(kinds):
        return [(range(len(kinds)), frames)]
    integers = [k for k, is_integer in enumerate(kinds) if is_integer]
    strings = [k for k, is_integer in enumerate(kinds) if not is_integer]
    return [(rows, frames.take(rows)) for rows in (integers, strings)]
