"""What the eager evaluation asks for; the defaults are COCO's."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

# Written as COCO's own linspace: the eighth threshold is 0.8999999999999999, not 0.9.
COCO_IOU_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
COCO_AREAS: Mapping[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 1024.0),
    "medium": (1024.0, 9216.0),
    "large": (9216.0, 1e10),
}
COCO_MAX_DETECTIONS = (1, 10, 100)
COCO_RECALL_POINTS = tuple(np.linspace(0, 1, 101).tolist())


@dataclass(frozen=True, slots=True)
class Options:
    """Thresholds of one evaluation.

    Attributes:
        iou_thresholds: Ascending, in (0, 1].
        areas: Lowest and highest area by name, px², both ends inclusive; the first range is
            the one over which everything is counted.
        max_detections: Detections an image and class, ascending.
        class_agnostic: All classes are taken for one (COCO's ``useCats = 0``).
        recall_points: Where precision is read, ascending, in [0, 1].

    Raises:
        ValueError: A value is out of its range; names it.
    """

    iou_thresholds: tuple[float, ...] = COCO_IOU_THRESHOLDS
    areas: tuple[tuple[str, float, float], ...] = tuple(
        (name, *ends) for name, ends in COCO_AREAS.items()
    )
    max_detections: tuple[int, ...] = COCO_MAX_DETECTIONS
    class_agnostic: bool = False
    recall_points: tuple[float, ...] = COCO_RECALL_POINTS

    def __post_init__(self) -> None:
        ious, most, points = self.iou_thresholds, self.max_detections, self.recall_points
        _check("iou_thresholds", ious, all(0 < iou <= 1 for iou in ious), "in (0, 1]")
        _check("max_detections", most, all(m >= 1 for m in most), "at least 1")
        _check("recall_points", points, all(0 <= r <= 1 for r in points), "in [0, 1]")
        if not self.areas:
            raise ValueError("areas must be at least one: got none")
        for name, low, high in self.areas:
            if not (0 <= low <= high and math.isfinite(high)):
                raise ValueError(
                    f"areas[{name}] must be 0 <= low <= high, finite: got {[low, high]}"
                )

    @property
    def area_names(self) -> tuple[str, ...]:
        """The names of the area ranges."""
        return tuple(name for name, *_ in self.areas)


def options(
    iou_thresholds: Sequence[float] | None = None,
    areas: Mapping[str, tuple[float, float]] | None = None,
    max_detections: Sequence[int] | None = None,
    *,
    class_agnostic: bool = False,
    recall_points: Sequence[float] | None = None,
) -> Options:
    """Return the options; None stands for COCO's.

    Raises:
        ValueError: A value is out of its range; names it.
    """
    ranges = COCO_AREAS if areas is None else areas
    return Options(
        COCO_IOU_THRESHOLDS if iou_thresholds is None else tuple(map(float, iou_thresholds)),
        tuple((name, float(low), float(high)) for name, (low, high) in ranges.items()),
        COCO_MAX_DETECTIONS if max_detections is None else tuple(max_detections),
        class_agnostic,
        COCO_RECALL_POINTS if recall_points is None else tuple(map(float, recall_points)),
    )


def _check(field: str, values: Sequence[float], within: bool, wanted: str) -> None:
    ascending = all(a < b for a, b in pairwise(values))
    if not (values and ascending and within):
        raise ValueError(f"{field} must be ascending and {wanted}: got {[*values]}")
