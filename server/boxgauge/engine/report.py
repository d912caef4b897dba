"""What a report says; absent is absent, never -1 or NaN."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.settings import EvaluationSettings, ObjectClass


@dataclass(frozen=True, slots=True)
class Statistics:
    """COCO's 12 statistics, ratios in [0, 1]; None where undefined."""

    AP: float | None = None
    AP50: float | None = None
    AP75: float | None = None
    APs: float | None = None
    APm: float | None = None
    APl: float | None = None
    AR1: float | None = None
    AR10: float | None = None
    AR100: float | None = None
    ARs: float | None = None
    ARm: float | None = None
    ARl: float | None = None


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class: average precision and recall over all areas and the last max_detections."""

    object_class: ObjectClass
    ap: float | None
    ap50: float | None
    ap75: float | None
    ar: float | None
    positives: int
    detections: int


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Precision and recall at one IoU threshold and one score threshold."""

    iou_threshold: float
    score_threshold: float
    precision: float | None
    recall: float | None
    true_positives: int
    false_positives: int
    false_negatives: int


@dataclass(frozen=True, slots=True)
class MeanLosses:
    """Mean losses: GIoU over pairs matched at IoU 0.5, BCE of score against matched or not."""

    giou: float | None = None
    bce: float | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """pycocotools' own arrays, -1 where undefined.

    Attributes:
        precision: float64 [T, R, K, A, M].
        recall: float64 [T, K, A, M].
        scores: float64 [T, R, K, A, M].
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Report:
    """One report over every image with both sides.

    Attributes:
        images: Images counted.
        positives: Ground truths that count, first area range.
        detections: Detections of those images, before any maximum.
        notes: Where the answer differs from pycocotools' known faults, in words.
    """

    settings: EvaluationSettings
    statistics: Statistics
    classes: tuple[ClassReport, ...]
    operating_point: OperatingPoint
    losses: MeanLosses
    images: int
    positives: int
    detections: int
    curves: Curves
    average_precision: dict[tuple[str, str], float] = field(default_factory=dict)
    average_recall: dict[tuple[str, int], float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
