"""What a ``COCOeval`` is asked for, under the names that pycocotools gives it."""

from typing import Any

import numpy as np

BBOX = "bbox"


class Params:
    """The options of an evaluation; the attributes may be replaced before ``evaluate()``.

    Attributes:
        imgIds: Images to evaluate.
        catIds: Categories to evaluate.
        iouThrs: Lowest IoU of a match, in (0, 1].
        recThrs: Recall points of the precision curve: ``np.linspace(0, 1, 101)`` only.
        maxDets: Detections that count, an image and category.
        areaRng: Lowest and highest area of an object, px², both inclusive.
        areaRngLbl: A name for each of ``areaRng``; ``summarize()`` asks for all, small, medium
            and large.
        useCats: 0 pools all categories into one.
    """

    def __init__(self, iouType: str = BBOX) -> None:
        check_iou_type(iouType)
        self.iouType = iouType
        self.useSegm = None
        self.imgIds: list[Any] = []
        self.catIds: list[Any] = []
        self.iouThrs = np.linspace(0.5, 0.95, 10)
        self.recThrs = np.linspace(0.0, 1.0, 101)
        self.maxDets = [1, 10, 100]
        self.areaRng: list[list[float]] = [[0, 1e10], [0, 32**2], [32**2, 96**2], [96**2, 1e10]]
        self.areaRngLbl = ["all", "small", "medium", "large"]
        self.useCats = 1


def check_iou_type(iou_type: str) -> None:
    """Check that it is boxes that are compared.

    Raises:
        NotImplementedError: It is not; names what was asked for.
    """
    if iou_type != BBOX:
        raise NotImplementedError(f"iouType {iou_type!r}: BoxGauge evaluates boxes, {BBOX!r}")
