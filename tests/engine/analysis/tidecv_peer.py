"""The figures of tidecv 1.0.1, the implementation of TIDE's authors."""

import numpy as np
from numpy.typing import NDArray
from tidecv import TIDE, Data
from tidecv.errors.main_errors import (
    BackgroundError,
    BoxError,
    ClassError,
    DuplicateError,
    FalsePositiveError,
    MissedError,
    OtherError,
)
from tidecv.quantify import TIDERun

from tests.engine.analysis.scenes import Scene, coco_files

# In the order of `boxgauge.engine.analysis.repairs.KINDS`.
KINDS = (ClassError, BoxError, OtherError, DuplicateError, BackgroundError, MissedError)
ALL = 10**9


def run(scene: Scene) -> TIDERun:
    """Return TIDE's run at IoU 0.5 and 0.1; detections an image are not limited."""
    truth, detections = coco_files(scene)
    gt, dt = Data("truth", max_dets=ALL), Data("found", max_dets=ALL)
    for image in truth["images"]:
        gt.add_image(image["id"], "")
    for each in truth["annotations"]:
        add = gt.add_ignore_region if each["iscrowd"] else gt.add_ground_truth
        add(each["image_id"], each["category_id"], each["bbox"])
    for each in detections:
        dt.add_detection(each["image_id"], each["category_id"], each["score"], each["bbox"])
    return TIDE().evaluate(gt, dt, mode=TIDE.BOX)


def counts(found: TIDERun) -> list[int]:
    """Return the errors of each kind."""
    by_kind = found.count_errors()
    return [by_kind[kind] for kind in KINDS]


def class_aps(found: TIDERun, classes: list[int]) -> NDArray[np.float64]:
    """Return each class's AP before and after each repair, as `ErrorDecomposition.class_ap`."""
    repaired = [
        found.ap_data,
        *(found.fix_errors(lambda error, k=kind: isinstance(error, k)) for kind in KINDS),
        found.fix_errors(transform=FalsePositiveError.fix),
        found.fix_errors(false_neg_dict=found.false_negatives),
    ]
    return np.array([[each.objs[k].get_ap() / 100 for each in repaired] for k in classes])
