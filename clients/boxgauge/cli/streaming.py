"""The work of a replay: both sides of a COCO pair, prepared and streamed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from boxgauge.cli.pacing import Clock, Part, paced
from boxgauge.client import Batch, EvaluationSettings, MonitorClient, RefusedFrame
from boxgauge.formats import CocoGroundTruth
from boxgauge.frames import GroundTruths, InvalidInputError, Predictions

_MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of the same images in the same order, and how many detections were dropped."""

    predictions: Predictions
    ground_truths: GroundTruths
    dropped: int


@dataclass(frozen=True, slots=True)
class Pace:
    """Images a second (None: no limit), seconds to the labels, images a message, and a clock."""

    rate: float | None
    label_delay_s: float
    images: int
    clock: Clock


@dataclass(slots=True)
class Outcome:
    """What became of the frames; the first refusals in words."""

    accepted: int = 0
    unchanged: int = 0
    refused: int = 0
    shown: list[str] = field(default_factory=list)


def prepare(
    client: MonitorClient,
    monitor: str,
    truth: CocoGroundTruth,
    predictions: Predictions,
    *,
    strict: bool,
    shuffle: int | None,
) -> Sides:
    """Return what to send, the monitor being there with classes that fit.

    Raises:
        InvalidInputError: The monitor exists and does not list a class of the ground
            truth, or is strict where this replay is not, or the other way round.
    """
    there = next((each for each in client.list_monitors() if each.name == monitor), None)
    if there is None:
        classes = {each.id: each.name for each in truth.classes}
        there = client.create_monitor(monitor, classes, EvaluationSettings(strict=strict))
    elif there.strict != strict:
        raise InvalidInputError.at("--strict", strict, f"{there.strict} as monitor {monitor} is")
    strange = np.setdiff1d(truth.frames.labels, list(there.classes))
    if len(strange):
        wanted = f"a class of monitor {monitor}"
        raise InvalidInputError.at(f"{truth.file}: annotations.category_id", strange[0], wanted)

    listed, dropped = only_listed(predictions, list(there.classes))
    truths = truth.frames
    if shuffle is not None:
        order = np.random.default_rng(shuffle).permutation(len(listed)).tolist()
        listed, truths = listed.take(order), truths.take(order)
    return Sides(listed, truths, dropped)


def only_listed(predictions: Predictions, classes: list[int]) -> tuple[Predictions, int]:
    """Return the predictions of these classes, and how many others there were."""
    kept = np.isin(predictions.labels, classes)
    owners = predictions.image_index[kept]
    counts = np.bincount(owners, minlength=len(predictions))
    columns = (column[kept] for column in predictions.columns)
    return Predictions(predictions.image_ids, counts, *columns), int((~kept).sum())


def stream(
    client: MonitorClient,
    monitor: str,
    model: str,
    sides: Sides,
    pace: Pace,
    advance: Callable[[int], None],
) -> Outcome:
    """Send everything at its pace and return what became of it."""
    outcome = Outcome()
    for answer in client.observe(monitor, _messages(sides, pace), model=model):
        outcome.accepted += answer.accepted
        outcome.unchanged += answer.unchanged
        outcome.refused += len(answer.refused)
        for each in answer.refused[: _MAX_SHOWN - len(outcome.shown)]:
            outcome.shown.append(_in_words(each))
        advance(answer.accepted + len(answer.refused))
    return outcome


def _messages(sides: Sides, pace: Pace) -> Iterator[list[Batch]]:
    images = len(sides.predictions)
    batches = [range(k, min(k + pace.images, images)) for k in range(0, images, pace.images)]
    sizes = [len(batch) for batch in batches]
    for k, part in paced(sizes, rate=pace.rate, label_delay_s=pace.label_delay_s, clock=pace.clock):
        message: list[Batch] = []
        if part is not Part.LABELS:
            message.append(sides.predictions.take(batches[k]))
        if part is not Part.PREDICTIONS:
            message.append(sides.ground_truths.take(batches[k]))
        yield message


def _in_words(refused: RefusedFrame) -> str:
    return f"refused: {refused.side} of image {refused.image_id!r}: {refused.message}"
