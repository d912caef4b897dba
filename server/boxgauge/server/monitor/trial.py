"""How far estimates are off, tried on labelled images before they are learned from."""

from boxgauge.engine import Engine, EvaluationSettings, MatchedImages, ObjectClass
from boxgauge.engine.online.calibration import Calibration
from boxgauge.engine.online.estimate import Estimator
from boxgauge.engine.online.predicted import Estimate
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.frames import ImageId

IMAGES = 200


class Trial:
    """A run of labelled images, and the calibration as it was before them.

    Args:
        engine: Holds the graphs.
        classes: Of the monitor.
        settings: Of the monitor.
        before: What was learned from other images.
    """

    def __init__(
        self,
        engine: Engine,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        before: Calibration,
    ) -> None:
        self._before = before
        self._predicted = PredictionTally(classes, settings)
        self._labelled = Estimator(engine, classes, settings)
        self._images: set[ImageId] = set()

    def add(self, images: MatchedImages) -> None:
        """Add images that are learned from after this."""
        ids = images.matches.image_ids
        self._predicted.add(images.predictions, ids)
        self._labelled.add(images)
        self._images.update(ids)

    def has(self, images: MatchedImages) -> bool:
        """Say whether an image of these is in the run."""
        return not self._images.isdisjoint(images.matches.image_ids)

    def result(self) -> tuple[Estimate, float] | None:
        """Return the estimate of the run, and its AP50; None without objects."""
        measured = self._labelled.snapshot().measured_ap50()
        return None if measured is None else (self._before.estimate(self._predicted), measured)

    def is_long_enough(self) -> bool:
        """Say whether it has as many images as a run has."""
        return len(self._images) >= IMAGES
