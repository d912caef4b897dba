"""What an LVIS evaluation knows of the labels, and what it says."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from boxgauge.engine.report import ClassReport, Curves
from boxgauge.frames import ImageId, InvalidInputError

Frequency = Literal["r", "c", "f"]
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)


@dataclass(frozen=True, slots=True)
class FederatedLabels:
    """Which classes were looked for, image by image; what is not listed was not.

    Attributes:
        frequencies: Of each class id: rare (in at most 10 training images), common (at most
            100) or frequent.
        negatives: Class ids known to be absent from an image.
        not_exhaustive: Class ids of which an image may show more objects than are labelled.

    Raises:
        InvalidInputError: A frequency is none of the three.
    """

    frequencies: Mapping[int, Frequency]
    negatives: Mapping[ImageId, Collection[int]] = field(default_factory=dict)
    not_exhaustive: Mapping[ImageId, Collection[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for class_id, frequency in self.frequencies.items():
            if frequency not in FREQUENCIES:
                raise InvalidInputError.at(f"frequencies[{class_id}]", repr(frequency), "r, c or f")


@dataclass(frozen=True, slots=True)
class LvisStatistics:
    """LVIS's 13 numbers; None where there is nothing to average."""

    AP: float | None
    AP50: float | None
    AP75: float | None
    APs: float | None
    APm: float | None
    APl: float | None
    APr: float | None
    APc: float | None
    APf: float | None
    AR: float | None
    ARs: float | None
    ARm: float | None
    ARl: float | None


@dataclass(frozen=True, slots=True)
class LvisReport:
    """One LVIS evaluation.

    Attributes:
        statistics: The 13 numbers.
        classes: Every class asked for, ascending by id.
        curves: pycocotools' arrays [T, R, K, A, 1], the areas in the order of `LVIS_AREAS`.
        images: Images evaluated.
        positives: Ground truths that count.
        beyond_limit: Detections left out because their image has as many better ones.
        dropped: Detections of other classes, left out after the limit.
        not_judged: Detections of classes that nobody looked for on their image, left out.
    """

    statistics: LvisStatistics
    classes: tuple[ClassReport, ...]
    curves: Curves
    images: int
    positives: int
    beyond_limit: int
    dropped: int
    not_judged: int
