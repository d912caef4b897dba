"""What an evaluation says beyond averages: taken along with the matches, told as a document."""

from dataclasses import asdict, dataclass
from typing import Any

from boxgauge.cli.documents import Document
from boxgauge.engine import (
    Accumulator,
    Engine,
    Evaluation,
    EvaluationSettings,
    ObjectClass,
)
from boxgauge.engine.analysis import (
    CalibrationReport,
    CalibrationTally,
    Confusion,
    ConfusionMatrix,
    ErrorDecomposition,
    ImageErrors,
    Intervals,
    LrpErrors,
    LrpReport,
    ResamplingTally,
    ScoreCurves,
    TideErrors,
    WorstImages,
    jackknife,
    score_curves,
)
from boxgauge.frames import FailedPreconditionError


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """All analyses of one evaluation; intervals are None where too few images are there."""

    scores: ScoreCurves
    errors: ErrorDecomposition
    confusion: Confusion
    lrp: LrpReport
    calibration: CalibrationReport
    worst: tuple[ImageErrors, ...]
    intervals: Intervals | None


class Analyses:
    """The accumulators of one evaluation.

    Args:
        engine: Holds the graphs.
        classes: What is evaluated.
        settings: With which thresholds.
    """

    def __init__(
        self, engine: Engine, classes: tuple[ObjectClass, ...], settings: EvaluationSettings
    ) -> None:
        self._engine = engine
        self._errors = TideErrors(engine, classes, settings)
        self._confusion = ConfusionMatrix(engine, classes, settings)
        self._lrp = LrpErrors(engine, classes, settings)
        self._calibration = CalibrationTally(engine, classes, settings)
        self._worst = WorstImages(settings)
        self._resampling = ResamplingTally(classes, settings)

    @property
    def accumulators(self) -> tuple[Accumulator, ...]:
        """What takes part in the evaluation."""
        return (
            self._errors,
            self._confusion,
            self._lrp,
            self._calibration,
            self._worst,
            self._resampling,
        )

    def details(self, evaluation: Evaluation) -> Details:
        """Return what they found once the evaluation is done."""
        return Details(
            score_curves(self._engine, evaluation.tally),
            self._errors.report(),
            self._confusion.report(),
            self._lrp.report(),
            self._calibration.report(),
            self._worst.report(),
            self._intervals(),
        )

    def _intervals(self) -> Intervals | None:
        try:
            return jackknife(self._engine, self._resampling)
        except FailedPreconditionError:  # there are no images
            return None


def details_document(details: Details) -> Document:
    """Return the analyses as plain values; what is undefined is None."""
    errors, confusion, lrp = details.errors, details.confusion, details.lrp
    names = [each.name for each in confusion.classes]
    return {
        "intervals": _intervals_document(details.intervals),
        "best_thresholds": [
            _best(curve.object_class, curve)
            for curve in (details.scores.overall, *details.scores.classes)
        ],
        "errors": {
            "iou_threshold": errors.iou_threshold,
            "AP": errors.ap,
            "kinds": {
                each.name: {"count": each.count, "cost": each.cost} for each in errors.errors
            },
            "false_positives": errors.false_positives,
            "false_negatives": errors.false_negatives,
        },
        "confusion": {
            "iou_threshold": confusion.iou_threshold,
            "score_threshold": confusion.score_threshold,
            "classes": [*names, None],
            "counts": confusion.counts.tolist(),
        },
        "LRP": {
            "iou_threshold": lrp.iou_threshold,
            "oLRP": lrp.olrp,
            "localisation": lrp.localisation,
            "false_positive": lrp.false_positive,
            "false_negative": lrp.false_negative,
            "classes": [
                {
                    "name": each.object_class.name,
                    "oLRP": each.olrp,
                    "score_threshold": each.score_threshold,
                }
                for each in lrp.classes
            ],
        },
        "calibration": {
            "D-ECE": details.calibration.overall.d_ece,
            "LaECE": details.calibration.mean_la_ece,
            "detections": details.calibration.overall.detections,
            "not_probability": details.calibration.not_probability,
        },
        "worst_images": [
            {
                "image_id": each.image_id,
                "false_positives": each.false_positives,
                "false_negatives": each.false_negatives,
            }
            for each in details.worst
        ],
    }


def _best(object_class: ObjectClass | None, curve: Any) -> Document:  # noqa: ANN401
    best = curve.best()
    point = {"score_threshold": None, "precision": None, "recall": None, "f_beta": None}
    if best is not None:
        point = {key: getattr(best, key) for key in point}
    return {"class": object_class.name if object_class else None} | point


def _intervals_document(intervals: Intervals | None) -> Document | None:
    if intervals is None:
        return None
    return {
        "confidence": intervals.confidence,
        "images": intervals.units,
        "groups": intervals.replicates,
        "statistics": {name: asdict(each) for name, each in intervals.statistics.items()},
    }
