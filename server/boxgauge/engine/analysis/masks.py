"""Pixel metrics of semantic masks, image by image as they come."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.settings import ObjectClass, check_classes
from boxgauge.frames import InvalidInputError

COUNT, METRICS = "count_pixels", "pixel_metrics"
# What a mask's class may be: the kernel makes a table of this length.
MAX_CLASS_ID = 65_535
# Pixels a run, so that copies as int64 stay near the cache.
_PIXELS = 1 << 20

Mask = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class ClassPixels:
    """One class; ratios in [0, 1], None where undefined.

    Attributes:
        object_class: Which.
        iou: TP / (TP + FP + FN).
        dice: 2 TP / (2 TP + FP + FN), which is F1.
        precision: TP / (TP + FP).
        recall: TP / (TP + FN), also called class accuracy.
        true_pixels: Of the class.
        predicted_pixels: Given the class, void ones left out.
    """

    object_class: ObjectClass
    iou: float | None
    dice: float | None
    precision: float | None
    recall: float | None
    true_pixels: int
    predicted_pixels: int


@dataclass(frozen=True, slots=True, eq=False)
class PixelReport:
    """Pixel metrics over all images; ratios in [0, 1], None where undefined.

    Attributes:
        classes: One by one.
        pixel_accuracy: Share of right ones among the pixels of the classes.
        mean_accuracy: Mean recall of the classes that occur.
        mean_iou: Mean IoU of the classes that occur or were predicted.
        frequency_weighted_iou: Mean IoU of the classes that occur, weighted by their pixels.
        confusion: Pixels by true (row) and predicted class (column), then others: int64
            [classes + 1, classes + 1].
        images: How many.
    """

    classes: tuple[ClassPixels, ...]
    pixel_accuracy: float | None
    mean_accuracy: float | None
    mean_iou: float | None
    frequency_weighted_iou: float | None
    confusion: NDArray[np.int64]
    images: int


class PixelTally:
    """Counts pixels by true and predicted class; any batching and order gives the same report.

    Args:
        engine: Holds the graphs.
        classes: Ids of at most 65,535, ordered by id in reports. A pixel of any other class is
            an error where one of these was predicted.
        ignore: True class of pixels that count nowhere, such as 255; negative ones never do.

    Raises:
        InvalidInputError: There is no class, or an id is out of range or occurs twice.
    """

    def __init__(
        self, engine: Engine, classes: tuple[ObjectClass, ...], *, ignore: int | None = None
    ) -> None:
        self.classes = check_classes(classes)
        for each in self.classes:
            if not 0 <= each.id <= MAX_CLASS_ID:
                raise InvalidInputError.at("classes.id", each.id, f"in [0, {MAX_CLASS_ID}]")
        self.ignore = ignore
        self._engine = engine
        self._ids = np.array([each.id for each in self.classes], dtype=np.int64)
        self._counts = np.zeros((len(classes) + 1, len(classes) + 1), dtype=np.int64)
        self._images = 0

    def __len__(self) -> int:
        return self._images

    def add(self, pred: Mask, target: Mask) -> None:
        """Take in one image.

        Args:
            pred: Predicted class of each pixel, of any integer type, [height, width].
            target: True class, of the same shape.

        Raises:
            InvalidInputError: A mask is no array of integers, or the shapes differ.
        """
        self._counts += self._count(pred, target)
        self._images += 1

    def subtract(self, pred: Mask, target: Mask) -> None:
        """Take one image out again: the same masks that were added.

        Raises:
            InvalidInputError: As for `add`; or so many pixels of a class were never added.
        """
        left = self._counts - self._count(pred, target)
        if (left < 0).any() or not self._images:
            raise InvalidInputError.at("masks", "others", "masks that were added")
        self._counts = left
        self._images -= 1

    def merge(self, other: Self) -> None:
        """Take in the images of another tally.

        Raises:
            InvalidInputError: The other one has other classes, or ignores another one.
        """
        if (other.classes, other.ignore) != (self.classes, self.ignore):
            raise InvalidInputError.at("tally", "others", "of the same classes and ignored class")
        self._counts += other._counts
        self._images += other._images

    def report(self) -> PixelReport:
        """Return the metrics of all images so far."""
        found = self._engine.run(METRICS, {"counts": self._counts})
        is_true, is_predicted = found["is_true"], found["is_predicted"]
        either = is_true | is_predicted
        # The last entry of each is others, which have no metrics: zip() leaves it out.
        classes = tuple(
            ClassPixels(each, iou, dice, precision, recall, true, predicted)
            for each, iou, dice, precision, recall, true, predicted in zip(
                self.classes,
                _where(either, found["iou"]),
                _where(either, found["dice"]),
                _where(is_predicted, found["precision"]),
                _where(is_true, found["recall"]),
                self._counts.sum(1).tolist(),
                self._counts.sum(0).tolist(),
                strict=False,
            )
        )
        has_true, has_either = bool(is_true.any()), bool(either.any())
        return PixelReport(
            classes=classes,
            pixel_accuracy=found["pixel_accuracy"].item() if has_true else None,
            mean_accuracy=found["mean_accuracy"].item() if has_true else None,
            mean_iou=found["mean_iou"].item() if has_either else None,
            frequency_weighted_iou=found["weighted_iou"].item() if has_true else None,
            confusion=self._counts.copy(),
            images=self._images,
        )

    def _count(self, pred: Mask, target: Mask) -> NDArray[np.int64]:
        for name, mask in (("pred", pred), ("target", target)):
            if not isinstance(mask, np.ndarray) or not np.issubdtype(mask.dtype, np.integer):
                found = getattr(mask, "dtype", type(mask).__name__)
                raise InvalidInputError.at(name, found, "an array of integers")
        if pred.shape != target.shape:
            raise InvalidInputError.at("pred", list(pred.shape), f"of shape {list(target.shape)}")
        counts = np.zeros_like(self._counts)
        rows, columns = target.reshape(-1), pred.reshape(-1)
        for start in range(0, len(rows), _PIXELS):
            part = slice(start, start + _PIXELS)
            true = rows[part].astype(np.int64)
            if self.ignore is not None:
                true[true == self.ignore] = -1
            inputs = {
                "pred": columns[part].astype(np.int64),
                "target": true,
                "classes": self._ids,
                "counts": counts,
            }
            counts = self._engine.run(COUNT, inputs)["new_counts"]
        return counts


def _where(flags: NDArray[np.bool_], values: NDArray[np.float64]) -> list[float | None]:
    pairs = zip(flags.tolist(), values.tolist(), strict=True)
    return [value if flag else None for flag, value in pairs]
