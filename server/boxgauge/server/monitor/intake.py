"""Judges frames before they are journalled: values, times, tags, bounds; or refuses them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeVar

import numpy as np

from boxgauge.frames import (
    BoxGaugeError,
    FailedPreconditionError,
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
    ground_truth_faults,
    prediction_faults,
)
from boxgauge.server.journal.types import CameFrame
from boxgauge.server.monitor.definition import LABEL_SOURCE, Definition
from boxgauge.server.monitor.names import check_name
from boxgauge.server.monitor.outcomes import (
    DROPPED_TAG,
    FOLDED_SLICE,
    FUTURE,
    INVALID,
    LATE,
    REFUSED,
    UNKNOWN_CLASS,
    Outcomes,
)
from boxgauge.server.monitor.rows import pack, row_bytes
from boxgauge.server.monitor.sides import Arrivals, Refusal, Side, SideBatch
from boxgauge.server.monitor.slicing import Slicing, check_tags, check_text
from boxgauge.server.observability.tracing import traced

T = TypeVar("T")


@dataclass(slots=True)
class Observed:
    """What became of the frames of one message.

    Attributes:
        accepted: Frames taken.
        unchanged: Of those, the same again or a stale revision.
        refused: The others.
        outcomes: Frames by side and outcome, for the metrics.
    """

    accepted: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    outcomes: Counter[tuple[Side, str]] = field(default_factory=Counter)

    def refuse(self, refusal: Refusal) -> None:
        """Note one refused frame."""
        self.refused.append(refusal)
        self.outcomes[refusal.side, "refused"] += 1

    def take(self, side: Side, *, is_changed: bool) -> None:
        """Note one frame that was taken."""
        self.accepted += 1
        self.unchanged += not is_changed
        self.outcomes[side, "accepted" if is_changed else "unchanged"] += 1


class Intake:
    """What a monitor asks of a frame before it is journalled.

    Args:
        definition: Of the monitor.
        slicing: Knows its slices.
        room: Raises where frames with so many boxes and sides would pass a bound.
        outcomes: Where what came of frames is counted, by reason.
        watermark_us: Says the highest event time that is counted; 0: none yet.
    """

    def __init__(
        self,
        definition: Definition,
        slicing: Slicing,
        room: Callable[[int, int], None],
        outcomes: Outcomes,
        watermark_us: Callable[[], int],
    ) -> None:
        self._definition = definition
        self._class_ids = np.array([each.id for each in definition.classes], np.int64)
        self._slicing = slicing
        self._room = room
        self._outcomes = outcomes
        self._watermark_us = watermark_us
        self._newest_us = 0

    @traced("validate")
    def judge(
        self, model: str, arrivals: Arrivals, observed: Observed, *, now_us: int
    ) -> list[CameFrame]:
        """Return the frames that may be journalled, in order; the others are refused.

        Raises:
            InvalidInputError: There are predictions and the model's name is malformed.
        """
        for refusal in arrivals.refused:
            self._refuse(refusal, observed)
        if arrivals.predictions:
            check_name("model", model)
        found: list[CameFrame] = []
        # A label is as old as the newest image that the monitor had heard of when it came.
        self._newest_us = self._watermark_us()
        for predictions in arrivals.predictions:
            faults = prediction_faults(
                predictions.frames, probability=True, classes=self._class_ids
            )
            found += self._taken(Side.PREDICTIONS, model, predictions, faults, observed, now_us)
        for truths in arrivals.ground_truths:
            faults = ground_truth_faults(truths.frames, classes=self._class_ids)
            found += self._taken(Side.GROUND_TRUTH, "", truths, faults, observed, now_us)
        slicing = self._slicing
        self._outcomes.count(FOLDED_SLICE, slicing.folded)
        self._outcomes.count(DROPPED_TAG, slicing.dropped)
        slicing.folded = slicing.dropped = 0
        return found

    def _taken(
        self,
        side: Side,
        model: str,
        batch: SideBatch[Predictions] | SideBatch[GroundTruths],
        faults: Mapping[int, InvalidInputError],
        observed: Observed,
        now_us: int,
    ) -> Iterator[CameFrame]:
        width = row_bytes(type(batch.frames))
        for k, (image_id, rows) in enumerate(
            zip(batch.frames.image_ids, pack(batch.frames), strict=True)
        ):
            try:
                if k in faults:
                    raise faults[k]
                yield self._frame(side, model, batch, k, image_id, rows, len(rows) // width, now_us)
            except BoxGaugeError as error:
                self._refuse(Refusal(side, image_id, error), observed)

    def _frame(
        self,
        side: Side,
        model: str,
        batch: SideBatch[Predictions] | SideBatch[GroundTruths],
        k: int,
        image_id: ImageId,
        rows: bytes,
        boxes: int,
        now_us: int,
    ) -> CameFrame:
        is_retracted = _at(batch.retracted, k, default=False)
        if is_retracted and boxes:
            raise InvalidInputError.at("retracted", f"{boxes} boxes", "of an image without boxes")
        tags = {key: values[k] for key, values in batch.tags if values[k]}
        check_tags(tags)
        cluster = check_text("clusters", _at(batch.clusters, k, default=""))
        source = check_text("sources", _at(batch.sources, k, default=""))
        time_us = _at(batch.times_us, k, default=None)
        is_predicted = side is Side.PREDICTIONS
        at_us = self._checked_time(time_us, now_us) if is_predicted else 0
        # Last, since it takes room: nothing refuses the frame after it.
        self._room(boxes, 1)
        sliced_by = tags
        if is_predicted:
            self._newest_us = max(self._newest_us, at_us)
            if LABEL_SOURCE in tags:
                # Only the label says where it comes from, and an image has one value of a key.
                sliced_by = {key: value for key, value in tags.items() if key != LABEL_SOURCE}
                self._slicing.dropped += 1
        else:
            at_us = self._newest_us or now_us
            tags = {LABEL_SOURCE: source} if LABEL_SOURCE in self._slicing.keys else {}
            sliced_by = tags
        return CameFrame(
            model=model,
            image_id=image_id,
            revision=batch.revisions[k],
            retracted=is_retracted,
            digest=_digest(rows, is_retracted, time_us, tags, cluster, source),
            rows=rows,
            boxes=boxes,
            time_us=at_us,
            is_time_given=time_us is not None,
            arrived_us=now_us,
            slices=self._slicing.slices_of(sliced_by),
            cluster=cluster,
            source=source,
        )

    def _checked_time(self, time_us: int | None, now_us: int) -> int:
        if time_us is None:
            return now_us
        if not 0 < time_us <= now_us + self._definition.max_ahead_us:
            ahead = self._definition.max_ahead_us / 1e6
            wanted = f"after 1970 and at most {ahead:g} s ahead of the service's clock ({now_us})"
            kind = _AheadError if time_us > 0 else InvalidInputError
            raise kind.at("event_times_us", time_us, wanted)
        watermark_us = self._watermark_us()
        oldest = watermark_us - self._definition.retention_us
        if time_us < oldest:
            raise _LateError(
                f"event_times_us is {time_us}: nothing before {oldest} is taken any more, which is"
                f" the retention behind the newest event time, {watermark_us}",
                field="event_times_us",
                value=time_us,
            )
        return time_us

    def _refuse(self, refusal: Refusal, observed: Observed) -> None:
        self._outcomes.count(_outcome(refusal.error), example=refusal.image_id)
        observed.refuse(refusal)


class _AheadError(InvalidInputError):
    """An event time that the service's clock has not reached."""


class _LateError(FailedPreconditionError):
    """An event time from before the retention."""


def _outcome(error: BoxGaugeError) -> str:
    if isinstance(error, _AheadError):
        return FUTURE
    if isinstance(error, _LateError):
        return LATE
    if error.field.startswith("labels["):
        return UNKNOWN_CLASS
    return INVALID if isinstance(error, InvalidInputError) else REFUSED


def _at(values: Sequence[T], k: int, *, default: T) -> T:
    return values[k] if values else default


def _digest(
    rows: bytes,
    is_retracted: bool,
    time_us: int | None,
    tags: Mapping[str, str],
    cluster: str,
    source: str,
) -> bytes:
    """Return a digest of all that the sender said, so that the same again is known."""
    about = repr((is_retracted, time_us, sorted(tags.items()), cluster, source)).encode()
    return blake2b(rows + about, digest_size=16).digest()
