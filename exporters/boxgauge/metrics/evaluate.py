"""COCO's statistics in eager PyTorch: the same kernels and the same bits as the service."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from boxgauge.metrics.averages import Cut, average, summary_cuts
from boxgauge.metrics.options import Options, options
from boxgauge.metrics.outcomes import match_sides
from boxgauge.metrics.sides import BoxFormat

# COCO's short names; another area range is called by its own.
_SHORT = {"small": "s", "medium": "m", "large": "l"}


def evaluate(
    predictions: Sequence[Mapping[str, Tensor]],
    targets: Sequence[Mapping[str, Tensor]],
    *,
    box_format: BoxFormat = "xyxy",
    iou_thresholds: Sequence[float] | None = None,
    areas: Mapping[str, tuple[float, float]] | None = None,
    max_detections: Sequence[int] | None = None,
    class_agnostic: bool = False,
) -> dict[str, float | None]:
    """Return COCO's 12 statistics over images; None where undefined.

    Args:
        predictions: For each image ``boxes`` [n, 4] in pixels, ``scores`` [n], ``labels`` [n]
            (integers from 0).
        targets: For each image, in the same order, ``boxes`` [m, 4], ``labels`` [m] and, if
            wanted, ``area`` [m] (else w·h), ``iscrowd`` [m] and ``ignore`` [m] (else none).
            Ties between images rank in this order.
        box_format: Meaning of the four numbers, on both sides.
        iou_thresholds: Ascending in (0, 1]; None: COCO's ten from 0.5 to 0.95.
        areas: Lowest and highest area by name, px², both inclusive; the first range is the one
            of the statistics without an area in their name. None: COCO's four.
        max_detections: Detections an image and class, ascending; None: 1, 10, 100.
        class_agnostic: Take all classes for one (COCO's ``useCats = 0``).

    Returns:
        AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl in [0, 1]: computed in
        float64 on the device of the boxes, on a CPU with pycocotools' bits. Under other options
        AP50 and AP75 if these are thresholds, ``AP_name`` and ``AR_name`` of areas of other
        names, and an AR of each maximum, as ``AR300``.

    Raises:
        ValueError: The two sides differ in length; a tensor is missing, has another shape or
            type, or holds what may not be (NaN, negative sizes or labels). Names image and field.
            Or an option is out of its range.

    References:
        Lin et al., "Microsoft COCO", ECCV 2014.
    """
    asked = options(iou_thresholds, areas, max_detections, class_agnostic=class_agnostic)
    curves = match_sides(predictions, targets, box_format, asked).curves()
    return {_name(cut, asked): average(curves, asked, cut) for cut in summary_cuts(asked)}


def _name(cut: Cut, options: Options) -> str:
    area = options.area_names[cut.area]
    mean = "AP" if cut.curve == "precision" else "AR"
    if cut.area > 0:
        return mean + _SHORT.get(area, f"_{area}")
    if cut.curve == "recall":
        return f"AR{options.max_detections[cut.most]}"
    return mean if cut.iou is None else f"AP{cut.iou * 100:.0f}"
