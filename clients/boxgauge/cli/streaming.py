"""The work of a replay: both sides of a COCO pair, prepared and streamed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from boxgauge.cli.pacing import Clock, Part, paced
from boxgauge.cli.resending import over_connections
from boxgauge.cli.terminal import say
from boxgauge.client import (
    Acknowledgement,
    Batch,
    EvaluationSettings,
    MonitorClient,
    RefusedFrame,
    ground_truth_batches,
    prediction_batches,
)
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


@dataclass(frozen=True, slots=True)
class Story:
    """What is said of the images beside their boxes.

    Attributes:
        start_s: Event time of the first image sent, seconds since 1970; None: none is said.
        step_s: Seconds from one image to the next.
        tags: By key, values that the images take in turn.
        source: Of every label; empty: not stated.
    """

    start_s: float | None = None
    step_s: float = 0
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    source: str = ""

    def event_times(self, images: range) -> list[float]:
        """Return when each image was taken, by its place in the order of sending."""
        start = self.start_s
        return [] if start is None else [start + k * self.step_s for k in images]

    def tags_of(self, images: range) -> dict[str, list[str]]:
        """Return the values of each image."""
        return {key: [each[k % len(each)] for k in images] for key, each in self.tags.items()}


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
    story: Story,
    advance: Callable[[int], None],
) -> Outcome:
    """Send everything at its pace and return what became of it.

    A service asks its clients to connect again every now and then, and ends their streams: what it
    has not acknowledged is sent again, which changes nothing where it had been taken.

    Raises:
        UnavailableError: The service is not there, or does not come back.
    """
    outcome = Outcome()

    def send(messages: Iterator[list[Batch]]) -> Iterator[Acknowledgement]:
        return client.observe(monitor, messages, model=model)

    for answer in over_connections(_messages(sides, pace, story), send, say):
        outcome.accepted += answer.accepted
        outcome.unchanged += answer.unchanged
        outcome.refused += len(answer.refused)
        for each in answer.refused[: _MAX_SHOWN - len(outcome.shown)]:
            outcome.shown.append(_in_words(each))
        advance(answer.accepted + len(answer.refused))
    return outcome


def _messages(sides: Sides, pace: Pace, story: Story) -> Iterator[list[Batch]]:
    images = len(sides.predictions)
    batches = [range(k, min(k + pace.images, images)) for k in range(0, images, pace.images)]
    sizes = [len(batch) for batch in batches]
    for k, part in paced(sizes, rate=pace.rate, label_delay_s=pace.label_delay_s, clock=pace.clock):
        message: list[Batch] = []
        batch = batches[k]
        if part is not Part.LABELS:
            message += prediction_batches(
                sides.predictions.take(batch),
                event_times=story.event_times(batch),
                tags=story.tags_of(batch),
            )
        if part is not Part.PREDICTIONS:
            sources = [story.source] * len(batch) if story.source else ()
            message += ground_truth_batches(sides.ground_truths.take(batch), sources=sources)
        yield message


def _in_words(refused: RefusedFrame) -> str:
    return f"refused: {refused.side} of image {refused.image_id!r}: {refused.message}"
