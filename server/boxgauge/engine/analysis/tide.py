"""TIDE: what each kind of error costs in AP, by mending one kind at a time."""

import numpy as np

from boxgauge.engine.analysis.evaluated import TRUE_POSITIVE, Labels, evaluated, to_be_found
from boxgauge.engine.analysis.image_rows import ImageRows
from boxgauge.engine.analysis.overlaps import image_overlaps
from boxgauge.engine.analysis.repairs import ROW, TRUTH, ErrorDecomposition, decompose
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sortable import sortable
from boxgauge.frames import ImageId, InvalidInputError

TIDE_ERRORS = "tide_errors"
BACKGROUND_IOU = 0.1


class TideErrors:
    """Accumulates the kind of error of each detection; no result depends on batching or order.

    Args:
        engine: Holds the graphs.
        classes: What is evaluated.
        settings: Its operating point's IoU says what a match is.
        background_iou: What overlaps no ground truth by more is background, in (0, IoU).

    Raises:
        InvalidInputError: ``background_iou`` is out of its range.
    """

    def __init__(
        self,
        engine: Engine,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        *,
        background_iou: float = BACKGROUND_IOU,
    ) -> None:
        self._engine, self._labels, self._settings = engine, Labels(classes), settings
        self.iou_threshold = settings.iou_thresholds[operating_threshold(settings)]
        if not 0 < background_iou < self.iou_threshold:
            wanted = f"above 0 and below the IoU threshold, {self.iou_threshold}"
            raise InvalidInputError.at("background_iou", background_iou, wanted)
        self.background_iou = background_iou
        self._rows, self._truths = ImageRows(ROW), ImageRows(TRUTH)

    def add(self, images: MatchedImages) -> None:
        """Take in images; all or, with an error, none.

        Raises:
            AlreadyExistsError: An image has been taken in already.
            InvalidInputError: A label is none of the classes.
        """
        found = evaluated(images, self._settings)
        is_tp = found.outcome == TRUE_POSITIVE
        counted = to_be_found(images)
        taken = np.zeros_like(counted)
        taken[found.partners[is_tp]] = True
        labels = self._labels.places(images.predictions.labels[found.rows])
        gt_labels = self._labels.places(images.ground_truths.labels)
        scores = images.predictions.scores[found.rows]
        dt, gt, overlap = image_overlaps(self._engine, images, found, self.background_iou)
        errors = self._engine.run(
            TIDE_ERRORS,
            {
                "dt_label": labels,
                "dt_scores": sortable(scores)[0],
                "dt_found": is_tp,
                "gt_label": gt_labels,
                "gt_counted": counted,
                "gt_found": taken,
                "pair_dt": dt,
                "pair_gt": gt,
                "overlap": overlap,
                "iou_threshold": np.array([self.iou_threshold]),
                "background_iou": np.array([self.background_iou]),
            },
        )
        rows = np.empty(len(found.rows), dtype=ROW)
        rows["score"], rows["label"], rows["outcome"] = scores, labels, found.outcome
        rows["kind"], rows["fixed"] = errors["kind"], errors["fixed"]
        # The class it would have, were its own put right; its own where there is no target.
        target = errors["target"]
        rows["target"] = labels
        rows["target"][target >= 0] = gt_labels[target[target >= 0]]
        truths = np.empty(int(counted.sum()), dtype=TRUTH)
        truths["label"], truths["found"] = gt_labels[counted], taken[counted]
        truths["missed"] = errors["missed"][counted]
        ids, of_image = images.predictions.image_ids, images.ground_truths.image_index[counted]
        self._rows.add(ids, found.counts, rows)
        self._truths.add(ids, np.bincount(of_image, minlength=len(ids)), truths)

    def remove(self, image_id: ImageId) -> None:
        """Take an image out again; one that is not there is no error."""
        self._rows.remove(image_id)
        self._truths.remove(image_id)

    def merge(self, other: "TideErrors") -> None:
        """Take in the images of another one of the same classes and settings.

        Raises:
            AlreadyExistsError: An image is in both.
            InvalidInputError: Classes, settings or the background's IoU differ.
        """
        self._labels.check_same(other._labels, self._settings, other._settings)
        if other.background_iou != self.background_iou:
            raise InvalidInputError.at("background_iou", other.background_iou, "the same")
        self._rows.merge(other._rows)
        self._truths.merge(other._truths)

    def report(self) -> ErrorDecomposition:
        """Return the errors over all images so far, and what each kind costs in AP."""
        return decompose(
            self._engine,
            self._labels.classes,
            self._rows.rows(),
            self._truths.rows(),
            self.iou_threshold,
            self.background_iou,
        )
