"""What a Pascal VOC evaluation asks for, and what it says."""

from dataclasses import dataclass
from itertools import pairwise

from boxgauge.engine.settings import ObjectClass
from boxgauge.frames import InvalidInputError


@dataclass(frozen=True, slots=True)
class VocSettings:
    """How boxes are read and when a detection counts.

    Attributes:
        iou_thresholds: Lowest overlap of a match, ascending, in (0, 1]; equality will do.
        inclusive: Right = left + width and bottom = top + height are the last pixel of the box,
            as in VOC's own files and tools, which add 1 to every side; else the edge behind it.

    Raises:
        InvalidInputError: The thresholds are out of range or order.
    """

    iou_thresholds: tuple[float, ...] = (0.5,)
    inclusive: bool = True

    def __post_init__(self) -> None:
        ious = self.iou_thresholds
        ascending = all(a < b for a, b in pairwise(ious))
        if not ious or not ascending or not all(0 < iou <= 1 for iou in ious):
            raise InvalidInputError.at("iou_thresholds", list(ious), "ascending in (0, 1]")


@dataclass(frozen=True, slots=True)
class VocAverages:
    """Both average precisions at one threshold, in [0, 1]; None without positives.

    Attributes:
        iou_threshold: The threshold.
        all_point: Area below the envelope of precision over recall: VOC from 2010 on.
        eleven_point: Mean of the envelope at recall 0, 0.1, …, 1: VOC until 2009.
        recall: Recall reached with all detections; of several classes, the mean.
    """

    iou_threshold: float
    all_point: float | None
    eleven_point: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class VocClass:
    """One class.

    Attributes:
        object_class: The class.
        averages: One for each threshold.
        positives: Ground truths that are not difficult.
        detections: All detections of the class.
    """

    object_class: ObjectClass
    averages: tuple[VocAverages, ...]
    positives: int
    detections: int


@dataclass(frozen=True, slots=True)
class VocReport:
    """One Pascal VOC evaluation.

    Attributes:
        settings: What was asked for.
        means: One for each threshold, over the classes that have positives: the mAP.
        classes: Every class asked for, ascending by id.
        images: Images evaluated.
        dropped: Detections of other classes, left out.
    """

    settings: VocSettings
    means: tuple[VocAverages, ...]
    classes: tuple[VocClass, ...]
    images: int
    dropped: int
