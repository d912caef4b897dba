"""Takes frames into the join: each one judged, bounded and stored, or refused."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from boxgauge.engine import EvaluationSettings, ExactTally, ObjectClass
from boxgauge.frames import (
    BoxGaugeError,
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
    ResourceExhaustedError,
    ground_truth_faults,
    prediction_faults,
)
from boxgauge.server.monitor.join import Join, Model, Stored, newer
from boxgauge.server.monitor.ledger import Share
from boxgauge.server.monitor.names import check_name
from boxgauge.server.monitor.pairs import check_pairs
from boxgauge.server.monitor.rows import pack, row_bytes
from boxgauge.server.monitor.sides import Refusal, Side, SideBatch


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

    def take(self, side: Side, *, changed: int, unchanged: int) -> None:
        """Note the frames taken of one batch."""
        self.accepted += changed + unchanged
        self.unchanged += unchanged
        self.outcomes[side, "accepted"] += changed
        self.outcomes[side, "unchanged"] += unchanged


class Intake:
    """What a monitor asks of a frame before it holds it.

    Images that came again unchanged are among those said to be touched, since their
    match may have failed before.

    Args:
        join: Where frames are stored.
        classes: Those that labels may name.
        settings: Of the tallies of new models.
        share: Counts what is held, and refuses.
        max_models: Models there may be.
    """

    def __init__(
        self,
        join: Join,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        share: Share,
        *,
        max_models: int,
    ) -> None:
        self._join = join
        self._classes = classes
        self._class_ids = np.array([each.id for each in classes], np.int64)
        self._settings = settings
        self._share = share
        self._max_models = max_models

    def predictions(
        self, model_name: str, batches: Sequence[SideBatch[Predictions]], observed: Observed
    ) -> tuple[Model | None, list[ImageId]]:
        """Store predictions and return their model, None without one, and the images touched.

        Raises:
            InvalidInputError: The model's name is malformed.
        """
        if not batches:
            return None, []
        models = self._join.models
        model = models.get(check_name("model", model_name))
        if model is None:
            if len(models) >= self._max_models:
                self._refuse_model(batches, observed)
                return None, []
            model = Model(model_name, ExactTally(self._classes, self._settings))
        labels = self._join.labels

        def label_of(image_id: ImageId) -> Iterable[Stored]:
            label = labels.get(image_id)
            return () if label is None else (label,)

        touched: list[ImageId] = []
        for batch in batches:
            faults = prediction_faults(batch.frames, probability=True, classes=self._class_ids)
            touched += self._take(
                Side.PREDICTIONS, batch, faults, model.predictions, label_of, observed
            )
        if touched:
            models[model_name] = model
        return model, touched

    def ground_truths(
        self, batches: Sequence[SideBatch[GroundTruths]], observed: Observed
    ) -> list[ImageId]:
        """Store ground truth and return the images touched."""
        models = self._join.models

        def predictions_of(image_id: ImageId) -> Iterable[Stored]:
            found = (model.predictions.get(image_id) for model in models.values())
            return (each for each in found if each is not None)

        touched: list[ImageId] = []
        for batch in batches:
            faults = ground_truth_faults(batch.frames, classes=self._class_ids)
            touched += self._take(
                Side.GROUND_TRUTH, batch, faults, self._join.labels, predictions_of, observed
            )
        return touched

    def _take(
        self,
        side: Side,
        batch: SideBatch[Predictions] | SideBatch[GroundTruths],
        faults: Mapping[int, InvalidInputError],
        known: dict[ImageId, Stored],
        partners: Callable[[ImageId], Iterable[Stored]],
        observed: Observed,
    ) -> list[ImageId]:
        """Store the good frames of a batch in ``known`` and return the images touched."""
        touched: list[ImageId] = []
        changed = 0
        width = row_bytes(type(batch.frames))
        rows = pack(batch.frames)
        for k, image_id in enumerate(batch.frames.image_ids):
            came = Stored(batch.revisions[k], rows[k], len(rows[k]) // width)
            before = known.get(image_id)
            try:
                if k in faults:
                    raise faults[k]
                if newer(before, came, image_id):
                    for partner in partners(image_id):
                        check_pairs(side, came, partner, self._settings)
                    if before is None:
                        self._share.take(came.boxes, 1)
                    else:
                        self._share.take(came.boxes - before.boxes, 0)
                    known[image_id] = came
                    changed += 1
            except BoxGaugeError as error:
                observed.refuse(Refusal(side, image_id, error))
            else:
                touched.append(image_id)
        observed.take(side, changed=changed, unchanged=len(touched) - changed)
        return touched

    def _refuse_model(self, batches: Sequence[SideBatch[Predictions]], observed: Observed) -> None:
        error = ResourceExhaustedError(
            f"max_models is {self._max_models}: the monitor has that many already",
            field="max_models",
            value=self._max_models,
        )
        for batch in batches:
            for image_id in batch.frames.image_ids:
                observed.refuse(Refusal(Side.PREDICTIONS, image_id, error))
