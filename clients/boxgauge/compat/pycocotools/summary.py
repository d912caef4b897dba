"""The 12 statistics, printed as pycocotools prints them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.compat.pycocotools.params import Params

# Curve, IoU threshold (None: all), area, position among maxDets (None: 100, literally).
_LINES = (
    ("precision", None, "all", None),
    ("precision", 0.5, "all", 2),
    ("precision", 0.75, "all", 2),
    ("precision", None, "small", 2),
    ("precision", None, "medium", 2),
    ("precision", None, "large", 2),
    ("recall", None, "all", 0),
    ("recall", None, "all", 1),
    ("recall", None, "all", 2),
    ("recall", None, "small", 2),
    ("recall", None, "medium", 2),
    ("recall", None, "large", 2),
)
_TITLES = {"precision": ("Average Precision", "(AP)"), "recall": ("Average Recall", "(AR)")}


def summarise(evaluation: dict[str, Any], params: Params) -> NDArray[np.float64]:
    """Return the 12 statistics, printing a line for each; -1 where undefined.

    Raises:
        IndexError: ``params.maxDets`` has fewer than three entries.
    """
    stats = np.zeros(12)
    for k, (curve, threshold, area, place) in enumerate(_LINES):
        most = 100 if place is None else params.maxDets[place]
        stats[k] = _mean(evaluation[curve], params, threshold, area, most)
        title, short = _TITLES[curve]
        ious = params.iouThrs
        iou = f"{ious[0]:0.2f}:{ious[-1]:0.2f}" if threshold is None else f"{threshold:0.2f}"
        print(
            f" {title:<18} {short} @[ IoU={iou:<9} | area={area:>6s} | maxDets={most:>3d} ]"
            f" = {stats[k]:0.3f}"
        )
    return stats


def _mean(
    values: NDArray[np.float64], params: Params, threshold: float | None, area: str, most: int
) -> float:
    """Return the mean of the defined values, summed in pycocotools' order."""
    areas = [k for k, each in enumerate(params.areaRngLbl) if each == area]
    maxima = [k for k, each in enumerate(params.maxDets) if each == most]
    if threshold is not None:
        values = values[np.flatnonzero(np.asarray(params.iouThrs) == threshold)]
    # Both lists at once, as there: one area and several equal maxima pair up.
    chosen = values[..., areas, maxima]
    defined = chosen[chosen > -1]
    return float(np.mean(defined)) if defined.size else -1.0
