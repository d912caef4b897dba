"""One picture with its boxes: what a detector learns from and is measured by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scene:
    """One picture and what is in it.

    Attributes:
        image: [h, w] grey levels or [h, w, 3] colours, 0..255.
        boxes: [n, 4] corner form, pixels; the digits' are whole and tight around the ink.
        labels: [n] class of each box, from 0.
        iscrowd: [n]; true where one box stands for a whole heap of its class.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    iscrowd: NDArray[np.bool_]
