"""Box formats, and the one place where boxes become COCO's float64 ``xywh``."""

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames.errors import InvalidInputError

Float64 = NDArray[np.float64]

# No image is near it, and areas and overlaps of such boxes stay far from float64's end.
MAX_PIXELS = 1e100


class BoxFormat(StrEnum):
    """How the four numbers of a box are meant; all in pixels."""

    XYXY = "xyxy"  # left, top, right, bottom
    XYWH = "xywh"  # left, top, width, height: COCO's own
    CXCYWH = "cxcywh"  # centre, width, height


def to_xywh(boxes: NDArray[Any], box_format: BoxFormat = BoxFormat.XYWH) -> Float64:
    """Return ``boxes`` as float64 left, top, width, height.

    float32 widens without loss; every sum is then taken once, in float64, so that
    the result is what pycocotools would be given by a careful caller.

    Args:
        boxes: Rows of 4 numbers, float32 or float64, pixels, shape [n, 4].
        box_format: Meaning of the four columns.

    Raises:
        InvalidInputError: ``boxes`` is not [n, 4] of float32 or float64.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InvalidInputError.at("boxes", list(boxes.shape), "of shape [n, 4]")
    if boxes.dtype not in (np.float32, np.float64):
        raise InvalidInputError.at("boxes", boxes.dtype, "float32 or float64")
    # What overflows here, or is no number, is refused as a fault of its box.
    with np.errstate(over="ignore", invalid="ignore"):
        xywh = boxes.astype(np.float64)
        if box_format is BoxFormat.XYXY:
            xywh[:, 2:] -= xywh[:, :2]
        elif box_format is BoxFormat.CXCYWH:
            xywh[:, :2] -= xywh[:, 2:] / 2
    return xywh


def sane_numbers(boxes: Float64, *, negative_sizes: bool = False) -> NDArray[np.bool_]:
    """Return which numbers are such as a box may hold, [n, 4].

    Args:
        boxes: Left, top, width, height, pixels, [n, 4].
        negative_sizes: Take them, as pycocotools does.
    """
    sane: NDArray[np.bool_] = (boxes <= MAX_PIXELS) & (boxes >= -MAX_PIXELS)
    if not negative_sizes:
        for side in (2, 3):  # one after the other, which is faster than both at once
            sane[:, side] &= boxes[:, side] >= 0
    return sane


def wanted_number(found: float) -> str:
    """Return, in words, what is wanted in place of a number that is not sane."""
    if not np.isfinite(found):
        return "finite"
    return "at least 0" if abs(found) <= MAX_PIXELS else f"at most {MAX_PIXELS:g} from 0"
