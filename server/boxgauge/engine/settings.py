"""What an evaluation asks for; the defaults are COCO's."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from boxgauge.frames import InvalidInputError

# Written as COCO's own linspace: the eighth entry is 0.8999999999999999, not 0.9.
COCO_IOU_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
# Ten times COCO's 10 thresholds and 4 areas: what one run of matching has to hold at once.
MAX_COMBINATIONS = 400
RECALL_GRID = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class ObjectClass:
    """A class that is evaluated.

    Attributes:
        id: What labels carry.
        name: What reports and metrics show.
    """

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class AreaRange:
    """A range of object area in px²; both ends belong to it."""

    name: str
    low: float
    high: float


COCO_AREAS = (
    AreaRange("all", 0.0, 1e10),
    AreaRange("small", 0.0, 1024.0),
    AreaRange("medium", 1024.0, 9216.0),
    AreaRange("large", 9216.0, 1e10),
)


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """Thresholds of one evaluation.

    Attributes:
        iou_thresholds: Ascending, in (0, 1].
        areas: The first one is the range over which everything is counted.
        max_detections: Detections an image and class, ascending.
        strict: Reproduce pycocotools with its known faults.
        score_threshold: Score from which a detection counts in precision, recall,
            TP, FP and FN; average precision uses every score.
        class_agnostic: `evaluate` takes all classes for one (COCO's ``useCats = 0``).

    Raises:
        InvalidInputError: A value is out of its range.
    """

    iou_thresholds: tuple[float, ...] = COCO_IOU_THRESHOLDS
    areas: tuple[AreaRange, ...] = COCO_AREAS
    max_detections: tuple[int, ...] = (1, 10, 100)
    strict: bool = False
    score_threshold: float = 0.5
    class_agnostic: bool = False

    def __post_init__(self) -> None:
        ious = self.iou_thresholds
        if not ious or not _ascending(ious) or not all(0 < iou <= 1 for iou in ious):
            raise InvalidInputError.at("iou_thresholds", list(ious), "ascending in (0, 1]")
        most = self.max_detections
        if not most or not _ascending(most) or not all(0 < m <= 65535 for m in most):
            raise InvalidInputError.at("max_detections", list(most), "ascending in [1, 65535]")
        combinations = len(ious) * len(self.areas)
        if combinations > MAX_COMBINATIONS:
            raise InvalidInputError.at(
                "iou_thresholds × areas", combinations, f"at most {MAX_COMBINATIONS}"
            )
        if not self.areas or len({area.name for area in self.areas}) != len(self.areas):
            names = [area.name for area in self.areas]
            raise InvalidInputError.at("areas", names, "at least one, with distinct names")
        for area in self.areas:
            if not (0 <= area.low <= area.high and math.isfinite(area.high)):
                raise InvalidInputError.at(
                    f"areas[{area.name}]", [area.low, area.high], "0 <= low <= high, finite"
                )
        if not math.isfinite(self.score_threshold):
            raise InvalidInputError.at("score_threshold", self.score_threshold, "finite")


def check_classes(classes: Iterable[ObjectClass]) -> tuple[ObjectClass, ...]:
    """Return the classes in ascending id.

    Raises:
        InvalidInputError: There is none, or an id or a name occurs twice or is empty.
    """
    ordered = tuple(sorted(classes, key=lambda each: each.id))
    if not ordered:
        raise InvalidInputError.at("classes", [], "at least one class")
    for each in ordered:
        if not 0 < len(each.name.encode()) <= 200:
            raise InvalidInputError.at("classes.name", repr(each.name), "of 1 to 200 bytes")
    for field in ("id", "name"):
        values = sorted(getattr(each, field) for each in ordered)
        twice = next((a for a, b in pairwise(values) if a == b), None)
        if twice is not None:
            raise InvalidInputError.at(f"classes.{field}", twice, "distinct")
    return ordered


def _ascending(values: tuple[float, ...]) -> bool:
    return all(a < b for a, b in pairwise(values))
