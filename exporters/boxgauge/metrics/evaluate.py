"""COCO's 12 statistics in eager PyTorch: the same kernels and the same bits as the service."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.metrics.inputs import check_sides, check_sizes
from boxgauge.metrics.matching import Matching, match_detections
from boxgauge.metrics.report import Curves, report_curves
from boxgauge.metrics.segments import order_within

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]

_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_AREAS = ((0.0, 1e10), (0.0, 1024.0), (1024.0, 9216.0), (9216.0, 1e10))
_MOST = (1, 10, 100)
# Name, curve, threshold (None: all), area range, number of detections.
_STATISTICS = (
    ("AP", "precision", None, 0, 2),
    ("AP50", "precision", 0, 0, 2),
    ("AP75", "precision", 5, 0, 2),
    ("APs", "precision", None, 1, 2),
    ("APm", "precision", None, 2, 2),
    ("APl", "precision", None, 3, 2),
    ("AR1", "recall", None, 0, 0),
    ("AR10", "recall", None, 0, 1),
    ("AR100", "recall", None, 0, 2),
    ("ARs", "recall", None, 1, 2),
    ("ARm", "recall", None, 2, 2),
    ("ARl", "recall", None, 3, 2),
)


def evaluate(
    predictions: Sequence[Mapping[str, Tensor]],
    targets: Sequence[Mapping[str, Tensor]],
    *,
    box_format: BoxFormat = "xyxy",
) -> dict[str, float | None]:
    """Return COCO's 12 statistics over images; None where undefined.

    Args:
        predictions: For each image ``boxes`` [n, 4] in pixels, ``scores`` [n], ``labels`` [n]
            (integers from 0).
        targets: For each image, in the same order, ``boxes`` [m, 4], ``labels`` [m] and, if
            wanted, ``area`` [m] (else w·h), ``iscrowd`` [m] and ``ignore`` [m] (else none).
            Ties between images rank in this order.
        box_format: Meaning of the four numbers, on both sides.

    Returns:
        AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl in [0, 1]: computed in
        float64 on the device of the boxes, on a CPU with pycocotools' bits.

    Raises:
        ValueError: The two sides differ in length; a tensor is missing, has another shape or
            type, or holds what may not be (NaN, negative sizes or labels). Names image and field.

    References:
        Lin et al., "Microsoft COCO", ECCV 2014.
    """
    if len(predictions) != len(targets):
        raise ValueError(
            f"predictions and targets must pair up: got {len(predictions)} and {len(targets)}"
        )
    check_sides(predictions, targets)
    dt_boxes, dt_labels, dt_images = _columns(predictions, box_format)
    gt_boxes, gt_labels, gt_images = _columns(targets, box_format)
    device = dt_boxes.device
    check_sizes("predictions", dt_boxes, dt_images)
    check_sizes("targets", gt_boxes, gt_images)
    scores = _joined(predictions, "scores", dt_boxes[:, 0])
    areas = torch.cat([_areas(each, box_format, device) for each in targets] or [gt_boxes[:, 0]])
    matching = match_detections(
        dt_images,
        dt_labels,
        dt_boxes,
        scores,
        gt_images,
        gt_labels,
        gt_boxes,
        areas,
        _flags(targets, "iscrowd", device),
        _flags(targets, "ignore", device),
        torch.from_numpy(_THRESHOLDS).to(device),
        torch.tensor(_AREAS, dtype=torch.float64, device=device),
        torch.tensor([_MOST[-1]], device=device),
    )
    curves = _curves(matching, dt_labels, scores, gt_labels)
    return {name: _mean(curves, *which) for name, *which in _STATISTICS}


def _curves(
    matching: Matching,
    labels: Int[Tensor, " d"],
    scores: Float[Tensor, " d"],
    gt_labels: Int[Tensor, " g"],
) -> Curves:
    """Return the report's curves; detections are ordered by image already."""
    order = order_within(labels, scores)
    device = labels.device
    outcome = torch.where(matching.ignored, 2, (matching.match >= 0).long()).permute(2, 0, 1)
    # A spare row, so that there is a pattern even without detections.
    spare = torch.cat([outcome, outcome.new_zeros(1, *outcome.shape[1:])])
    patterns, code = torch.unique(spare, dim=0, return_inverse=True)
    classes = int(torch.cat([labels, gt_labels, labels.new_zeros(1)]).max()) + 1
    counted = (~matching.gt_ignored).long()
    positives = counted.new_zeros(classes, len(_AREAS)).index_add(0, gt_labels, counted.T)
    return report_curves(
        labels[order],
        scores[order],
        matching.rank[order],
        code[order],
        patterns,
        positives,
        torch.tensor(_MOST, device=device),
        torch.from_numpy(np.linspace(0, 1, 101)).to(device),
    )


def _mean(curves: Curves, curve: str, threshold: int | None, area: int, most: int) -> float | None:
    """Return the mean of the defined entries, summed by numpy as pycocotools does."""
    values = getattr(curves, curve)[..., area, most].cpu().numpy()
    chosen = values if threshold is None else values[threshold : threshold + 1]
    defined = chosen[chosen > -1]
    return float(np.mean(defined)) if defined.size else None


def _columns(
    images: Sequence[Mapping[str, Tensor]], box_format: BoxFormat
) -> tuple[Float[Tensor, "n 4"], Int[Tensor, " n"], Int[Tensor, " n"]]:
    """Return boxes (float64 left, top, width, height), labels and image of all boxes."""
    boxes = [_xywh(each["boxes"], box_format) for each in images]
    device = boxes[0].device if boxes else torch.device("cpu")
    joined = torch.cat([*boxes, torch.zeros(0, 4, dtype=torch.float64, device=device)])
    nothing = torch.zeros(0, dtype=torch.int64, device=device)
    labels = torch.cat([*(each["labels"].long() for each in images), nothing])
    places = [torch.full((len(each),), k, device=device) for k, each in enumerate(boxes)]
    return joined, labels, torch.cat([*places, nothing])


def _xywh(boxes: Tensor, box_format: BoxFormat) -> Float[Tensor, "n 4"]:
    # No boxes may come as a plain empty tensor.
    a, b, c, d = boxes.double().reshape(-1, 4).unbind(1)
    if box_format == "xyxy":
        return torch.stack([a, b, c - a, d - b], 1)
    if box_format == "cxcywh":
        return torch.stack([a - c / 2, b - d / 2, c, d], 1)
    return torch.stack([a, b, c, d], 1)


def _areas(
    image: Mapping[str, Tensor], box_format: BoxFormat, device: torch.device
) -> Float[Tensor, " n"]:
    if "area" in image:
        return image["area"].double().to(device)
    boxes = _xywh(image["boxes"], box_format)
    return boxes[:, 2] * boxes[:, 3]


def _joined(images: Sequence[Mapping[str, Tensor]], key: str, like: Tensor) -> Tensor:
    return torch.cat([*(each[key].to(like) for each in images), like[:0]])


def _flags(images: Sequence[Mapping[str, Tensor]], key: str, device: torch.device) -> Tensor:
    flags = [
        each[key].bool() if key in each else torch.zeros(len(each["boxes"]), dtype=torch.bool)
        for each in images
    ]
    return torch.cat([*flags, torch.zeros(0, dtype=torch.bool)]).to(device)
