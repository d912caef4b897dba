"""What the drift of one model is measured against: its predictions of a stated time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.engine.online.windows import MINUTE_US, Span
from boxgauge.frames import ImageId
from boxgauge.server.journal.types import HeldSide
from boxgauge.server.monitor.definition import DriftReference
from boxgauge.server.monitor.rows import unpack_predictions

Images = Sequence[tuple[ImageId, HeldSide]]

_FROM, _TALLY = "from_us", "tally"


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

    @property
    def span(self) -> Span | None:
        """Event times that belong to it; None before the first image where that decides."""
        if not self._from_us:
            return None
        return Span(self._from_us, self._from_us + self._asked.duration_us)

    @property
    def from_us(self) -> int:
        """When it begins; 0: with the first image, which has not come yet."""
        return self._from_us

    def begin_at(self, from_us: int) -> None:
        """Begin where it once began, whichever image comes first now."""
        self._from_us = from_us

    def exchange(self, gone: Images, came: Images) -> None:
        """Take images out and others in, as far as they belong to it."""
        if not self._from_us and came:
            first_us = min(side.time_us for _, side in came)
            self._from_us = first_us // MINUTE_US * MINUTE_US
        for images, change in ((gone, self._tally.subtract), (came, self._tally.add)):
            chosen = [each for each in images if self._has(each[1])]
            if chosen:
                ids = tuple(image_id for image_id, _ in chosen)
                frames = unpack_predictions(ids, [side.rows for _, side in chosen])
                change(frames, [side.cluster or image_id for image_id, side in chosen])
                self._changed = True

    def snapshot(self) -> PredictionTally:
        """Return the tally as it is now; safe in another thread."""
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

    def _has(self, side: HeldSide) -> bool:
        span = self.span
        return span is not None and span.from_us <= side.time_us < span.until_us
