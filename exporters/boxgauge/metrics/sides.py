"""Both sides of images as columns: what detectors return, in COCO's boxes and order."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from boxgauge.metrics.inputs import check_sides, check_sizes
from boxgauge.metrics.segments import extent

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]
Images = Sequence[Mapping[str, Tensor]]


class Detections(NamedTuple):
    """One row a detection, image by image; boxes are left, top, width, height."""

    image: Int64[Tensor, " d"]
    label: Int64[Tensor, " d"]
    boxes: Float64[Tensor, "d 4"]
    scores: Float64[Tensor, " d"]


class Truths(NamedTuple):
    """One row a ground truth, image by image; boxes are left, top, width, height."""

    image: Int64[Tensor, " g"]
    label: Int64[Tensor, " g"]
    boxes: Float64[Tensor, "g 4"]
    areas: Float64[Tensor, " g"]
    crowd: Bool[Tensor, " g"]
    ignore: Bool[Tensor, " g"]


def read_sides(
    predictions: Images, targets: Images, box_format: BoxFormat
) -> tuple[Detections, Truths]:
    """Return both sides as columns in float64, on the device of their boxes.

    Raises:
        ValueError: The two sides differ in length; a tensor is missing, has another shape or
            type, or holds what may not be (NaN, negative sizes or labels). Names image and field.
    """
    if len(predictions) != len(targets):
        raise ValueError(
            f"predictions and targets must pair up: got {len(predictions)} and {len(targets)}"
        )
    check_sides(predictions, targets)
    dt_image, dt_label, dt_boxes = _columns(predictions, box_format)
    gt_image, gt_label, gt_boxes = _columns(targets, box_format)
    check_sizes("predictions", dt_boxes, dt_image)
    check_sizes("targets", gt_boxes, gt_image)
    scores = torch.cat([*(each["scores"].to(dt_boxes) for each in predictions), dt_boxes[:0, 0]])
    areas = torch.cat([*(_areas(each, box_format) for each in targets), gt_boxes[:0, 0]])
    flags = (_flags(targets, key, gt_boxes.device) for key in ("iscrowd", "ignore"))
    return (
        Detections(dt_image, dt_label, dt_boxes, scores),
        Truths(gt_image, gt_label, gt_boxes, areas, *flags),
    )


def pooled(detections: Detections, truths: Truths) -> tuple[Detections, Truths]:
    """Return both sides with all labels 0, boxes of an image by ascending class before that.

    So pycocotools lists them under ``useCats = 0``, and so ties rank.
    """
    a, b = _by_label(detections), _by_label(truths)
    return (
        Detections(*(column[a] for column in detections))._replace(
            label=torch.zeros_like(detections.label)
        ),
        Truths(*(column[b] for column in truths))._replace(label=torch.zeros_like(truths.label)),
    )


def _by_label(side: Detections | Truths) -> Int64[Tensor, " n"]:
    """Return the order by image, then class, then row."""
    return torch.sort(side.image * extent(side.label) + side.label, stable=True)[1]


def _columns(
    images: Images, box_format: BoxFormat
) -> tuple[Int64[Tensor, " n"], Int64[Tensor, " n"], Float64[Tensor, "n 4"]]:
    """Return image, label and box (float64 left, top, width, height) of all boxes."""
    boxes = [_xywh(each["boxes"], box_format) for each in images]
    device = boxes[0].device if boxes else torch.device("cpu")
    joined = torch.cat([*boxes, torch.zeros(0, 4, dtype=torch.float64, device=device)])
    nothing = torch.zeros(0, dtype=torch.int64, device=device)
    labels = torch.cat([*(each["labels"].long() for each in images), nothing])
    places = [torch.full((len(each),), k, device=device) for k, each in enumerate(boxes)]
    return torch.cat([*places, nothing]), labels, joined


def _xywh(boxes: Tensor, box_format: BoxFormat) -> Float64[Tensor, "n 4"]:
    # No boxes may come as a plain empty tensor.
    a, b, c, d = boxes.double().reshape(-1, 4).unbind(1)
    if box_format == "xyxy":
        return torch.stack([a, b, c - a, d - b], 1)
    if box_format == "cxcywh":
        return torch.stack([a - c / 2, b - d / 2, c, d], 1)
    return torch.stack([a, b, c, d], 1)


def _areas(image: Mapping[str, Tensor], box_format: BoxFormat) -> Float64[Tensor, " n"]:
    if "area" in image:
        return image["area"].double().to(image["boxes"].device)
    boxes = _xywh(image["boxes"], box_format)
    return boxes[:, 2] * boxes[:, 3]


def _flags(images: Images, key: str, device: torch.device) -> Bool[Tensor, " n"]:
    flags = [
        each[key].bool().to(device)
        if key in each
        else torch.zeros(len(each["boxes"]), dtype=torch.bool, device=device)
        for each in images
    ]
    return torch.cat([*flags, torch.zeros(0, dtype=torch.bool, device=device)])
