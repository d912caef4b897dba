"""What precision to expect of predictions before their labels come: an estimate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.online.calibration import UNIT, Calibration
from boxgauge.engine.online.calibration_counts import CalibrationCounts
from boxgauge.engine.online.predicted import Estimate
from boxgauge.engine.online.prediction_tally import bins_of
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.frames import InvalidInputError


class Estimator:
    """Learns from labelled images what scores are worth, and expects as much of others.

    Counts are integers: any batching and order of additions gives the same, and what is
    subtracted is gone. Which images are in it an estimator does not know.

    Args:
        engine: Holds the graph.
        classes: What is predicted.
        settings: Of the monitor.
    """

    def __init__(
        self, engine: Engine, classes: tuple[ObjectClass, ...], settings: EvaluationSettings
    ) -> None:
        self._engine = engine
        self._bins = bins_of(check_classes(classes), settings)
        empty = CalibrationCounts.empty(self._bins)
        self._now = Calibration(engine, check_classes(classes), settings, empty)
        self._kept: Calibration | None = None

    def add(self, images: MatchedImages) -> None:
        """Learn from labelled images.

        Raises:
            InvalidInputError: A label is no class.
        """
        taken = CalibrationCounts.of(images, self._bins, self._now.settings)
        self._now = replace(self._now, counts=self._now.counts.plus(taken))

    def subtract(self, images: MatchedImages) -> None:
        """Forget labelled images that were added, matched in the same way.

        Raises:
            InvalidInputError: There is not as much of it here; nothing is changed.
        """
        taken = CalibrationCounts.of(images, self._bins, self._now.settings)
        left = self._now.counts.plus(taken, -1)
        if not left.is_possible:
            raise InvalidInputError.at("images", "others", "of what was added")
        self._now = replace(self._now, counts=left)

    def merge(self, other: "Estimator") -> None:
        """Take in what another one has learned.

        Raises:
            InvalidInputError: It has other classes or settings.
        """
        ours, theirs = self._now, other.snapshot()
        if (theirs.classes, theirs.settings) != (ours.classes, ours.settings):
            raise InvalidInputError.at("estimator", "others", "of the same classes and settings")
        self._now = replace(
            ours,
            counts=ours.counts.plus(theirs.counts),
            errors=ours.errors + theirs.errors,
            error_sum=ours.error_sum + theirs.error_sum,
        )

    def compare(self, estimate: Estimate, ap50: float) -> None:
        """Remember how far an estimate of a window was from what its labels then said.

        Args:
            estimate: Made before these labels were learned from.
            ap50: Of the same window.
        """
        if estimate.ap50 is not None:
            error = round(abs(estimate.ap50 - ap50) / UNIT)
            self._now = replace(
                self._now, errors=self._now.errors + 1, error_sum=self._now.error_sum + error
            )

    def snapshot(self) -> Calibration:
        """Return what was learned up to now; later changes leave it alone."""
        return self._now

    def changed(self) -> "CalibrationParts":
        """Return what is to be kept, if anything has changed since this was last asked."""
        changed, self._kept = self._now is not self._kept, self._now
        return CalibrationParts(self._now if changed else None)

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """Take up the part of an estimator of the same classes and settings, if there is one.

        Raises:
            InvalidInputError: It is none, or is of others.
        """
        for part in parts.values():
            self._now = self._kept = self._now.unpacked(part)


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationParts:
    """What is to be kept of an estimator, at one moment; None where nothing has changed."""

    calibration: Calibration | None

    def packed(self) -> dict[str, bytes | None]:
        """Return the bytes by key; safe in another thread."""
        return {} if self.calibration is None else self.calibration.packed()
