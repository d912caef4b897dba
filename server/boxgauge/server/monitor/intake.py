"""Judges frames before they are journalled: values, times, tags, bounds; or refuses them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from boxgauge.frames import (
    BoxGaugeError,
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
    ground_truth_faults,
    prediction_faults,
)
from boxgauge.server.journal.types import CameFrame
from boxgauge.server.monitor.definition import LABEL_SOURCE, Definition
from boxgauge.server.monitor.event_times import AheadError, LateError, Times
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
from boxgauge.server.monitor.room import WAITING
from boxgauge.server.monitor.rows import pack
from boxgauge.server.monitor.sides import Arrivals, Refusal, Side, SideBatch
from boxgauge.server.monitor.slicing import Slicing
from boxgauge.server.monitor.told import Told
from boxgauge.server.observability.tracing import traced


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

    def take(self, side: Side, frames: int = 1, *, is_changed: bool = True) -> None:
        """Note so many frames that were taken."""
        self.accepted += frames
        self.unchanged += 0 if is_changed else frames
        self.outcomes[side, "accepted" if is_changed else "unchanged"] += frames


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
        self._is_sliced_by_source = LABEL_SOURCE in slicing.keys

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
        times = self._times(now_us)
        for predictions in arrivals.predictions:
            faults = prediction_faults(
                predictions.frames, probability=True, classes=self._class_ids
            )
            found += self._taken(Side.PREDICTIONS, model, predictions, faults, observed, times)
        for truths in arrivals.ground_truths:
            faults = ground_truth_faults(truths.frames, classes=self._class_ids)
            found += self._taken(Side.GROUND_TRUTH, "", truths, faults, observed, times)
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
        times: Times,
    ) -> list[CameFrame]:
        """Return the frames of a batch that may be journalled, and refuse the others."""
        told = Told(batch)
        errors: dict[int, BoxGaugeError] = dict(faults)
        self._find_faults(side, told, errors, times)
        # Last, since it takes room: nothing refuses a frame after it but the journal.
        lacking = self._find_room(told.boxes, errors)
        found: list[CameFrame] = []
        for k, (image_id, rows) in enumerate(
            zip(batch.frames.image_ids, pack(batch.frames), strict=True)
        ):
            if k in errors:
                self._refuse(Refusal(side, image_id, errors[k]), observed)
            else:
                found.append(
                    self._frame(side, model, told, k, image_id, rows, times, lacking.get(k))
                )
        return found

    def _find_faults(
        self, side: Side, told: Told, errors: dict[int, BoxGaugeError], times: Times
    ) -> None:
        """Note why frames are refused that have no fault yet."""
        is_predicted = side is Side.PREDICTIONS
        for k, time_us in enumerate(told.times_us):
            if k in errors:
                continue
            try:
                told.check(k)
                if is_predicted and time_us is not None:
                    times.check(time_us)
            except BoxGaugeError as error:
                errors[k] = error

    def _find_room(
        self, boxes: Sequence[int], errors: dict[int, BoxGaugeError]
    ) -> dict[int, BoxGaugeError]:
        """Reserve room for the frames without an error, and return those without room.

        Only the journal knows which of those it holds already. Where too many messages wait, it
        is not asked: they are refused.
        """
        lacking: dict[int, BoxGaugeError] = {}
        fit = [k for k in range(len(boxes)) if k not in errors]
        if not fit:
            return lacking
        try:
            self._room(sum(boxes[k] for k in fit), len(fit))
        except BoxGaugeError:
            # Not for all of them together: then for one after the other.
            for k in fit:
                try:
                    self._room(boxes[k], 1)
                except BoxGaugeError as error:
                    (errors if error.field == WAITING else lacking)[k] = error
        return lacking

    def _frame(
        self,
        side: Side,
        model: str,
        told: Told,
        k: int,
        image_id: ImageId,
        rows: bytes,
        times: Times,
        no_room: BoxGaugeError | None,
    ) -> CameFrame:
        time_us, source = told.times_us[k], told.sources[k]
        if side is Side.PREDICTIONS:
            at_us = times.now_us if time_us is None else time_us
            tags = sliced_by = told.tags(k)
            if no_room is None:
                times.newest_us = max(times.newest_us, at_us)
            if LABEL_SOURCE in tags and no_room is None:
                # Only the label says where it comes from, and an image has one value of a key.
                sliced_by = {key: value for key, value in tags.items() if key != LABEL_SOURCE}
                self._slicing.dropped += 1
        else:
            # A label is as old as the newest image that the monitor had heard of when it came.
            at_us = times.newest_us or times.now_us
            tags = sliced_by = {LABEL_SOURCE: source} if self._is_sliced_by_source else {}
        return CameFrame(
            model=model,
            image_id=image_id,
            revision=told.revisions[k],
            retracted=told.retracted[k],
            digest=told.digest(k, rows, tags),
            rows=rows,
            boxes=told.boxes[k],
            time_us=at_us,
            is_time_given=time_us is not None,
            arrived_us=times.now_us,
            # What holds nothing makes no slice known.
            slices=self._slicing.slices_of(sliced_by) if sliced_by and no_room is None else (),
            cluster=told.clusters[k],
            source=source,
            no_room=no_room,
        )

    def _times(self, now_us: int) -> Times:
        watermark_us = self._watermark_us()
        oldest_us = watermark_us - self._definition.retention_us
        return Times(now_us, watermark_us, oldest_us, self._definition.max_ahead_us, watermark_us)

    def _refuse(self, refusal: Refusal, observed: Observed) -> None:
        self._outcomes.count(_outcome(refusal.error), example=refusal.image_id)
        observed.refuse(refusal)


def _outcome(error: BoxGaugeError) -> str:
    if isinstance(error, AheadError):
        return FUTURE
    if isinstance(error, LateError):
        return LATE
    if error.field.startswith("labels["):
        return UNKNOWN_CLASS
    return INVALID if isinstance(error, InvalidInputError) else REFUSED
