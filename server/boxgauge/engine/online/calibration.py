"""What labelled images let one expect of other predictions."""

from dataclasses import dataclass, replace
from operator import index
from typing import Any

import numpy as np

from boxgauge.engine.engine import Engine
from boxgauge.engine.online.calibration_counts import (
    COLUMNS,
    FALSE_POSITIVE,
    TRUE_POSITIVE,
    CalibrationCounts,
)
from boxgauge.engine.online.predicted import Estimate
from boxgauge.engine.online.prediction_bins import Float64, Int64, PredictionBins
from boxgauge.engine.online.prediction_tally import PredictionTally, bins_of
from boxgauge.engine.sealing import Seal, count_of, describe, described
from boxgauge.engine.settings import RECALL_GRID, EvaluationSettings, ObjectClass
from boxgauge.engine.sketch.varints import from_varints, to_varints
from boxgauge.frames import InvalidInputError

EXPECTED = "expected_average_precision"
SEAL = Seal(b"BGCALIB\n", version=1, level=6)
PART = "calibration"
MIN_CALIBRATION_IMAGES = 50
# Errors are summed in units of this, so that no order of addition matters.
UNIT = 2.0**-32


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What was learned at one moment; safe in another thread.

    Attributes:
        classes: What is predicted.
        settings: Of the monitor.
        counts: Of the labelled images.
        errors: Of how many labelled windows the estimate's error is known.
        error_sum: Sum of these errors, in units of 2^-32.
    """

    engine: Engine
    classes: tuple[ObjectClass, ...]
    settings: EvaluationSettings
    counts: CalibrationCounts
    errors: int = 0
    error_sum: int = 0

    def estimate(self, tally: PredictionTally) -> Estimate:
        """Return the precision and average precision to expect of predictions.

        The calibration says what to expect of any detections, those of the labelled images
        included (`_expected`). The estimate is what the labelled images have, moved as far as
        what is to be expected has moved from them to these predictions: so where nothing has
        changed it says that nothing has.

        Raises:
            InvalidInputError: The tally has other classes or settings.

        References:
            Kivimäki et al., "Performance Estimation in Binary Classification Using Calibrated
            Confidence", 2025 (CBPE, for classifiers). https://arxiv.org/abs/2505.05295
        """
        if (tally.classes, tally.settings) != (self.classes, self.settings):
            raise InvalidInputError.at("tally", "others", "of the same classes and settings")
        about = Estimate(None, None, tally.images, self.counts.images, self._error())
        if about.calibration_images < MIN_CALIBRATION_IMAGES:
            reason = (
                f"the calibration has {about.calibration_images} labelled images: at least "
                f"{MIN_CALIBRATION_IMAGES} are wanted"
            )
            return replace(about, reason=reason)
        if not about.images:
            return replace(about, reason="there are no predictions")
        rates = self.counts.rates()
        expected = self._expected(rates, tally.class_scores(), about.images)
        learned = self._expected(rates, self.counts.outcomes.sum(2), about.calibration_images)
        measured = self._measured()
        return replace(
            about,
            precision=_moved(measured.precision, learned.precision, expected.precision),
            ap50=_moved(measured.ap50, learned.ap50, expected.ap50),
        )

    def measured_ap50(self) -> float | None:
        """Return the AP50 that the labelled images have, up to the order within bins of score."""
        return self._measured().ap50

    def _expected(self, rates: tuple[Float64, Float64], detections: Int64, images: int) -> "_Point":
        """Return what is to be expected of detections by class and bin of score.

        Each detection is a true positive as often as those of its class and bin were on the
        labelled images. AP50 is the mean over classes, each weighed by the chance that it
        occurs at all among as many objects as are to be expected.
        """
        tp, fp = (detections * each for each in rates)
        positives = self.counts.expected_positives(tp, detections, images, self._bins)
        return self._point(tp, fp, positives, -np.expm1(-positives))

    def _measured(self) -> "_Point":
        """Return what the labelled images have, up to the order within bins."""
        outcomes, positives = self.counts.outcomes, self.counts.positives.astype(np.float64)
        tp, fp = (outcomes[:, :, k].astype(np.float64) for k in (TRUE_POSITIVE, FALSE_POSITIVE))
        return self._point(tp, fp, positives, (positives > 0).astype(np.float64))

    def _point(self, tp: Float64, fp: Float64, positives: Float64, weights: Float64) -> "_Point":
        passing = slice(self._bins.first_passing, None)
        hits, misses = float(tp[:, passing].sum()), float(fp[:, passing].sum())
        of_class = self.engine.run(
            EXPECTED,
            {
                "tp": np.ascontiguousarray(tp[:, ::-1]),
                "fp": np.ascontiguousarray(fp[:, ::-1]),
                "positives": positives,
                "recall_points": RECALL_GRID,
            },
        )["average_precision"]
        return _Point(
            hits / (hits + misses) if hits + misses > 0 else None,
            float((weights * of_class).sum() / weights.sum()) if weights.any() else None,
        )

    @property
    def _bins(self) -> PredictionBins:
        return bins_of(self.classes, self.settings)

    def packed(self) -> dict[str, bytes | None]:
        """Return its bytes, as one part."""
        counts = self.counts
        about = describe(self.classes, self.settings) | {
            "images": counts.images,
            "errors": self.errors,
            "error_sum": self.error_sum,
        }
        columns = [to_varints(np.ravel(getattr(counts, name))) for name in COLUMNS]
        return {PART: SEAL.close(about, columns)}

    def unpacked(self, part: bytes) -> "Calibration":
        """Return what was packed of a calibration of the same classes and settings.

        Raises:
            InvalidInputError: It is none, or is of others.
        """
        return SEAL.open(part, self._parse)

    def _parse(self, about: dict[str, Any], body: bytes) -> "Calibration":
        if described(about) != (self.classes, self.settings):
            raise InvalidInputError.at("parts", "others", "of the same classes and settings")
        columns = {}
        for name in COLUMNS:
            empty: Int64 = getattr(CalibrationCounts.empty(self._bins), name)
            found, body = from_varints(body, empty.size)
            if int(found.max()) >= 2**62:
                raise ValueError(f"a number of {name} cannot be")
            columns[name] = found.astype(np.int64).reshape(empty.shape)
        if body:
            raise ValueError(f"{len(body)} bytes are left over")
        counts = CalibrationCounts(count_of(about, "images"), **columns)
        error_sum = index(about["error_sum"])
        return replace(self, counts=counts, errors=count_of(about, "errors"), error_sum=error_sum)

    def _error(self) -> float | None:
        return self.error_sum * UNIT / self.errors if self.errors else None


@dataclass(frozen=True, slots=True)
class _Point:
    """Precision at the threshold and mean average precision; None where undefined."""

    precision: float | None
    ap50: float | None


def _moved(measured: float | None, learned: float | None, expected: float | None) -> float | None:
    """Return what was measured, moved as far as what is expected has moved."""
    if measured is None or learned is None:
        return expected
    return None if expected is None else min(max(measured + expected - learned, 0.0), 1.0)
