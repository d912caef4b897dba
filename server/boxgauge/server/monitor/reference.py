"""What the drift of one model is measured against: its predictions of a stated time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.engine.online.windows import MINUTE_US, Span
from boxgauge.frames import ImageId, Predictions
from boxgauge.server.journal.types import HeldSide
from boxgauge.server.monitor.definition import DriftReference
from boxgauge.server.monitor.rows import unpack_predictions

Images = Sequence[tuple[ImageId, HeldSide]]

_FROM, _TALLY = "from_us", "tally"
_WAITING = 512  # images that may wait to be counted


@dataclass(frozen=True, slots=True)
class ReferencePart:
    """A reference that changed, at one moment; without a tally it did not."""

    from_us: int
    tally: PredictionTally | None

    def packed(self) -> dict[str, bytes | None]:
        """Return the bytes of each part; safe in another thread."""
        if self.tally is None:
            return {}
        return {_FROM: b"%d" % self.from_us, _TALLY: self.tally.to_bytes()}


class Reference:
    """The predictions of the reference; they stay when their buckets are gone.

    Args:
        classes: What is predicted.
        settings: Of the monitor.
        asked: When it is.
    """

    def __init__(
        self,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        asked: DriftReference,
    ) -> None:
        self._asked = asked
        self._from_us = asked.from_us
        self._tally = PredictionTally(classes, settings)
        self._changed = False
        self._waiting: list[tuple[ImageId, HeldSide]] = []

    @property
    def span(self) -> Span | None:
        """Event times that belong to it; None before the first image where that decides."""
        if not self._from_us:
            return None
        return Span(self._from_us, self._from_us + self._asked.duration_us)

    def exchange(self, gone: Images, came: Images) -> None:
        """Take images out and others in, as far as they belong to it."""
        if not self._from_us and came:
            first_us = min(side.time_us for _, side in came)
            self._from_us = first_us // MINUTE_US * MINUTE_US
        out = [each for each in gone if self._has(each[1])]
        self._waiting += [each for each in came if self._has(each[1])]
        if out or len(self._waiting) > _WAITING:
            self._count()
        if out:
            self._tally.subtract(*_frames(out))
        self._changed |= bool(out or self._waiting)

    def snapshot(self) -> PredictionTally:
        """Return the tally as it is now; safe in another thread."""
        self._count()
        made = PredictionTally(self._tally.classes, self._tally.settings)
        made.merge(self._tally)
        return made

    def changed(self) -> "ReferencePart":
        """Return what has changed since this was last asked."""
        tally = self.snapshot() if self._changed else None
        self._changed = False
        return ReferencePart(self._from_us, tally)

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """Take up what `changed` gave."""
        self._from_us = int(parts[_FROM])
        self._tally = PredictionTally.from_bytes(parts[_TALLY])

    def _count(self) -> None:
        """Count what waits: many images at once take little longer than a few."""
        if self._waiting:
            self._tally.add(*_frames(self._waiting))
            self._waiting = []

    def _has(self, side: HeldSide) -> bool:
        span = self.span
        return span is not None and span.from_us <= side.time_us < span.until_us


def _frames(images: Images) -> tuple[Predictions, list[ImageId]]:
    """Return the predictions of images, and the cluster of each."""
    ids = tuple(image_id for image_id, _ in images)
    frames = unpack_predictions(ids, [side.rows for _, side in images])
    return frames, [side.cluster or image_id for image_id, side in images]
