"""What the drift of one model is measured against: its predictions of a stated time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.engine.online.prediction_bins import Placed
from boxgauge.engine.online.prediction_tally import PredictionTally, groups_of
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
        self._waiting: list[Placed] = []
        self._images = 0  # that wait

    @property
    def span(self) -> Span | None:
        """Event times that belong to it; None before the first image where that decides."""
        if not self._from_us:
            return None
        return Span(self._from_us, self._from_us + self._asked.duration_us)

    def exchange(self, gone: Images, came: Images, placed: Placed | None = None) -> None:
        """Take images out and others in, as far as they belong to it.

        Args:
            gone: What goes out.
            came: What comes in.
            placed: The places of what comes in, if they are known.
        """
        if not self._from_us and came:
            first_us = min(side.time_us for _, side in came)
            self._from_us = first_us // MINUTE_US * MINUTE_US
        out = self._belonging(gone)
        belonging = self._belonging(came)
        if belonging:
            if placed is None or len(belonging) < len(came):
                frames, clusters = _frames(belonging)
                placed = self._tally.bins.places_of(frames, groups_of(clusters))
            self._waiting.append(placed)
            self._images += len(belonging)
        if out or self._images > _WAITING:
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
            of_box, of_image = zip(*self._waiting, strict=True)
            self._tally.add_placed(Placed(np.concatenate(of_box), np.concatenate(of_image)))
            self._waiting, self._images = [], 0

    def _belonging(self, images: Images) -> Images:
        span = self.span
        if span is None:
            return ()
        start, end = span.from_us, span.until_us
        return [each for each in images if start <= each[1].time_us < end]


def _frames(images: Images) -> tuple[Predictions, list[ImageId]]:
    """Return the predictions of images, and the cluster of each."""
    ids = tuple(image_id for image_id, _ in images)
    frames = unpack_predictions(ids, [side.rows for _, side in images])
    return frames, [side.cluster or image_id for image_id, side in images]
