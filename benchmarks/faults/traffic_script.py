"""What senders say in a campaign of faults: frames of several callers, corrections, retractions.

All of it follows from a seed, so that another service can be told the same in another order.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from boxgauge.client import (
    DriftSettings,
    MonitorSettings,
    ground_truth_batch,
    prediction_batch,
)
from boxgauge.client.monitor_settings import monitor_message
from boxgauge.client.requests import observe_request
from boxgauge.v1 import monitor_pb2

CLASSES = {1: "car", 2: "person", 3: "bicycle"}
MONITORS = ("exact", "sketch")
MODELS = ("champion", "challenger")
CAMERAS = ("north", "east", "south")
SOURCES = ("random", "reported")
WINDOWS = ("all", "2h")
SLICES = ("", "camera=north", "label_source=random")
IN_MESSAGE, MINUTES, SCORES = 8, 180, 500
TRUTH = ""

# label, left, top, width, height, score
Row = tuple[int, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of one image as a sender says it."""

    image_id: int | str
    revision: int
    rows: tuple[Row, ...]
    is_retracted: bool = False


@dataclass
class Script:
    """The messages of each sender, and what must hold once all of them are taken.

    Attributes:
        begin_s: The oldest event time, seconds since 1970.
        sent: By sender: its messages in order. A sender is a monitor and what it sends.
        holds: By model (empty: labels) and image, the side of the highest revision.
    """

    begin_s: int
    sent: dict[tuple[str, str], list[monitor_pb2.ObserveRequest]] = field(default_factory=dict)
    holds: dict[tuple[str, int | str], Side] = field(default_factory=dict)

    @property
    def monitors(self) -> list[str]:
        """Return the monitors that it is about."""
        return list(dict.fromkeys(monitor for monitor, _ in self.sent))

    def joined(self, model: str) -> list[tuple[Side, Side]]:
        """Return predictions and label of the images that have both."""
        found = []
        for (name, image_id), side in self.holds.items():
            truth = self.holds.get((TRUTH, image_id))
            if name == model and truth and not side.is_retracted and not truth.is_retracted:
                found.append((side, truth))
        return found

    def held(self, model: str) -> int:
        """Return how many images have a side of this model."""
        return sum(name == model and not s.is_retracted for (name, _), s in self.holds.items())


def create_request(monitor: str, begin_s: int) -> monitor_pb2.CreateMonitorRequest:
    """Return the request for a monitor; its name says which tally it has."""
    settings = MonitorSettings(
        tally=monitor.partition("-")[0],
        slices=("camera", "label_source"),
        windows=WINDOWS,
        losses=("giou_loss",),
        comparisons=(MODELS,),
        # Stated: else it would be the time of whichever image comes first.
        drift=DriftSettings(reference_from=begin_s, reference="1h"),
    )
    return monitor_pb2.CreateMonitorRequest(
        monitor=monitor, settings=monitor_message(CLASSES, settings)
    )


def make_script(
    images: int, seed: int, monitors: Sequence[str] = MONITORS, begin_s: int | None = None
) -> Script:
    """Return a script over so many images; every monitor is told the same.

    Args:
        images: How many.
        seed: All else follows from it.
        monitors: Their names.
        begin_s: The oldest event time: that of other scripts of the same campaign, since it is
            a whole hour some hours ago by default, and the next hour may have begun.
    """
    chance = random.Random(seed)
    if begin_s is None:
        begin_s = (int(time.time()) // 3600 - 5) * 3600
    script = Script(begin_s)
    ids = [k if k // IN_MESSAGE % 2 else f"frame-{k}" for k in range(images)]
    truths = {each: _truth(chance) for each in ids}
    parts: dict[tuple[str, str], list[list[Side]]] = {}
    for model in MODELS:
        sides = [Side(each, 0, _detections(chance, truths[each])) for each in ids]
        parts[model, model] = list(_messages(sides))
    parts["labels", TRUTH] = list(_messages([Side(each, 0, truths[each]) for each in ids]))
    for model in (*MODELS, TRUTH):
        sides = list(_corrections(chance, model, ids, truths))
        parts[f"corrections of {model or 'labels'}", model] = list(_messages(sides))
    for (sender, model), messages in parts.items():
        for message in messages:
            for side in message:
                held = script.holds.get((model, side.image_id))
                if held is None or held.revision < side.revision:
                    script.holds[model, side.image_id] = side
        for monitor in monitors:
            script.sent[monitor, sender] = [
                _request(script, monitor, model, sequence, message)
                for sequence, message in enumerate(messages)
            ]
    return script


def _truth(chance: random.Random) -> tuple[Row, ...]:
    return tuple(
        (
            chance.choice([*CLASSES]),
            round(chance.uniform(0, 500), 1),
            round(chance.uniform(0, 500), 1),
            round(chance.uniform(8, 120), 1),
            round(chance.uniform(8, 120), 1),
            0.0,
        )
        for _ in range(chance.randint(0, 5))
    )


def _detections(chance: random.Random, truth: tuple[Row, ...]) -> tuple[Row, ...]:
    found = [
        (label, x + chance.gauss(0, 4), y + chance.gauss(0, 4), w, h, _score(chance, 1.0))
        for label, x, y, w, h, _ in truth
        if chance.random() < 0.8
    ]
    found += [(*each[:5], _score(chance, 0.5)) for each in _truth(chance)[:2]]
    return tuple(found)


def _score(chance: random.Random, most: float) -> float:
    """Return one of few scores: a sketch then has few bins, none of which has to be widened.

    How wide bins are depends on all that ever was there, and what was overtaken by its own
    correction was there in one order of arrival alone.
    """
    return round(chance.uniform(0, most) * SCORES) / SCORES


def _corrections(
    chance: random.Random,
    model: str,
    ids: Sequence[int | str],
    truths: dict[int | str, tuple[Row, ...]],
) -> Iterator[Side]:
    """Yield higher revisions of some images, which may come before what they correct."""
    for image_id in ids:
        fate = chance.random()
        if fate < 0.25:
            other = _truth(chance)
            rows = other if model == TRUTH else _detections(chance, truths[image_id])
            yield Side(image_id, 1, rows)
        if 0.2 < fate < 0.3:
            yield Side(image_id, 2, (), is_retracted=True)
        if 0.28 < fate < 0.32:
            yield Side(image_id, 3, truths[image_id])


def _messages(sides: Sequence[Side]) -> Iterator[list[Side]]:
    """Cut sides into messages; ids of one batch are of one kind, and distinct."""
    batch: list[Side] = []
    for side in sides:
        full = len(batch) == IN_MESSAGE or any(side.image_id == b.image_id for b in batch)
        if batch and (full or type(side.image_id) is not type(batch[0].image_id)):
            yield batch
            batch = []
        batch.append(side)
    if batch:
        yield batch


def _request(
    script: Script, monitor: str, model: str, sequence: int, sides: Sequence[Side]
) -> monitor_pb2.ObserveRequest:
    ids = [each.image_id for each in sides]
    rows = [row for side in sides for row in side.rows]
    counts = [len(each.rows) for each in sides]
    boxes = np.array([row[1:5] for row in rows], np.float64).reshape(-1, 4)
    labels = np.array([row[0] for row in rows], np.int64)
    revisions = [each.revision for each in sides]
    retracted = [each.is_retracted for each in sides]
    numbers = [_number(each) for each in ids]
    if model == TRUTH:
        batch = ground_truth_batch(
            ids,
            counts,
            boxes,
            labels,
            revisions=revisions,
            retracted=retracted,
            sources=[SOURCES[number % 5 == 0] for number in numbers],
        )
    else:
        # The time of an image is its own, whoever says it: minutes apart, seconds uneven.
        batch = prediction_batch(
            ids,
            counts,
            boxes,
            labels,
            np.array([row[5] for row in rows], np.float64),
            revisions=revisions,
            retracted=retracted,
            event_times=[
                script.begin_s + number * 7919 % MINUTES * 60 + number % 60 for number in numbers
            ],
            tags={"camera": [CAMERAS[number % 3] for number in numbers]},
            clusters=[f"cluster-{number // 4}" for number in numbers],
        )
    return observe_request(monitor, model, sequence, batch)


def _number(image_id: int | str) -> int:
    return image_id if isinstance(image_id, int) else int(image_id.removeprefix("frame-"))
