"""Class-agnostic evaluation: all classes as one, in the order in which COCO pools them."""

from typing import TypeVar

import numpy as np

from boxgauge.engine.settings import ObjectClass
from boxgauge.frames import Frames

F = TypeVar("F", bound=Frames)

POOLED = ObjectClass(0, "all classes")


def pooled(frames: F) -> F:
    """Return the frames with every box of the class `POOLED`.

    Within an image, boxes stand by ascending class and then as they came: so pycocotools
    lists them under ``useCats = 0``, and so ties between equal scores or overlaps rank.
    """
    order = np.lexsort([frames.labels, frames.image_index])
    boxes, labels, *others = (column[order] for column in frames.columns)
    one_class = np.full_like(labels, POOLED.id)
    return type(frames)(frames.image_ids, frames.counts, boxes, one_class, *others)
