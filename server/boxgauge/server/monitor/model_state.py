"""What is kept of one model beside its labelled images: predictions, reference, calibration."""

import sys
from collections.abc import Sequence
from functools import partial

from boxgauge.engine import Engine, MatchedImages
from boxgauge.engine.notes import Oddities
from boxgauge.engine.online.calibration import MIN_CALIBRATION_IMAGES
from boxgauge.engine.online.estimate import Estimator
from boxgauge.engine.online.predicted import Estimate
from boxgauge.engine.online.prediction_store import PredictionStore
from boxgauge.engine.online.prediction_tally import groups_of
from boxgauge.engine.online.windows import Ring, Span
from boxgauge.frames import ImageId, Predictions
from boxgauge.server.journal.types import HeldSide
from boxgauge.server.monitor.definition import Definition
from boxgauge.server.monitor.outlook import Outlook
from boxgauge.server.monitor.reference import Reference
from boxgauge.server.monitor.rows import unpack_predictions
from boxgauge.server.monitor.steps import prediction_facts
from boxgauge.server.monitor.trial import IMAGES, Trial

Images = Sequence[tuple[ImageId, HeldSide]]


class ModelState:
    """One model's predictions, and what its labelled images teach about them.

    Attributes:
        version: Grows with every change of anything that reports of the model say.
        oddities: Ground truths of its images that pycocotools takes otherwise.
    """

    def __init__(self, engine: Engine, definition: Definition, ring: Ring) -> None:
        asked = self._asked = definition.classes, definition.settings
        self.version = 0
        self.oddities = Oddities()
        # What is applied was journalled: the monitor's bound is held before that.
        self.predicted = PredictionStore(*asked, ring, max_bytes=sys.maxsize)
        self.reference = Reference(*asked, definition.drift)
        self.estimator = Estimator(engine, *asked)
        self._engine = engine
        self._level = definition.drift.level
        self._trial: Trial | None = None
        self._next_trial = 0
        self._tried: list[Trial] = []

    def exchange(self, gone: Images, came: Images, *, is_rebuilt: bool = False) -> None:
        """Take predictions out and others in; what is rebuilt the reference had seen already."""
        placed = None
        if gone:
            self.predicted.subtract(_unpacked(gone), prediction_facts(gone))
        if came:
            frames, facts = _unpacked(came), prediction_facts(came)
            # Of one set of bins, so that both count by the same places.
            placed = self.predicted.bins.places_of(frames, groups_of(facts.clusters))
            self.predicted.add(frames, facts, placed)
        if not is_rebuilt:
            self.reference.exchange(gone, came, placed)

    def learn(self, images: MatchedImages, sign: int) -> None:
        """Take labelled images in or, with -1, out again."""
        self._try(images, sign)
        change = self.estimator.add if sign > 0 else self.estimator.subtract
        change(images)
        self.oddities = self.oddities.plus(Oddities.of(images.ground_truths), sign)

    def tried(self) -> list[Trial]:
        """Return the trials that have come to an end, each once; see `compare`."""
        found, self._tried = self._tried, []
        return found

    def compare(self, result: tuple[Estimate, float] | None) -> None:
        """Take up the result of a trial, which takes a thread some milliseconds to find."""
        if result is not None:
            self.estimator.compare(*result)

    def outlook(self, span: Span, name: str) -> Outlook:
        """Return what is needed to say what the predictions of a span let one expect.

        Drift and estimates are said of all images, not of a slice: the reference and the
        calibration are those of all.
        """
        snapshot, is_whole = self.predicted.within(span, name), not name
        return Outlook(
            engine=self._engine,
            current=partial(snapshot.tally, *self._asked),
            span=snapshot.span,
            reference=self.reference.snapshot() if is_whole else None,
            reference_span=self.reference.span,
            level=self._level,
            estimate=self.estimator.snapshot().estimate if is_whole else None,
        )

    def _try(self, images: MatchedImages, sign: int) -> None:
        """Note how far the estimate of a run of images is off before they are learned from.

        A run with a corrected image is begun anew: it would have been learned from.
        """
        if sign < 0:
            if self._trial is not None and self._trial.has(images):
                self._trial, self._next_trial = None, 0
            return
        if self._trial is None:
            before = self.estimator.snapshot()
            if before.counts.images < max(MIN_CALIBRATION_IMAGES, self._next_trial):
                return
            self._trial = Trial(self._engine, *self._asked, before)
            # One in ten images is tried, which costs about as much as learning from it does.
            self._next_trial = before.counts.images + 10 * IMAGES
        self._trial.add(images)
        if self._trial.is_long_enough():
            self._tried.append(self._trial)
            self._trial = None


def _unpacked(images: Images) -> Predictions:
    ids = tuple(image_id for image_id, _ in images)
    return unpack_predictions(ids, [side.rows for _, side in images])
