"""Random and hard inputs of the VOC graphs: ties, difficult objects, empty sides."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.export.examples import exact
from boxgauge.metrics.voc_average_precision import VOC_POINTS

Inputs = tuple[Tensor, ...]

_CLASSES = 5
_THRESHOLDS = (0.5, 0.75, 0.95)


def scenes(n: int, generator: Generator) -> Inputs:
    """Return n detections and about as many ground truths, as for COCO's matching."""
    image, label, boxes, scores, gt_image, gt_label, gt_boxes, _, crowd, *_ = exact.scenes(
        n, generator
    )
    sides = (image, label, boxes, scores, gt_image, gt_label, gt_boxes, crowd)
    return *sides, _doubles(_THRESHOLDS), _doubles((1.0,))


def hard_scenes(generator: Generator) -> Iterator[Inputs]:
    """Yield no ground truth, no detections, all difficult, equal boxes, and edges behind."""
    usual = scenes(40, generator)
    yield (*usual[:4], *(each[:0] for each in usual[4:8]), *usual[8:])
    yield (*(each[:0] for each in usual[:4]), *usual[4:])
    yield (*usual[:7], torch.ones_like(usual[7]), *usual[8:])
    box = usual[2][:1]
    yield (*usual[:2], box.repeat(40, 1), *usual[3:6], box.repeat(42, 1), *usual[7:])
    yield (*usual[:8], usual[8][:1], torch.zeros_like(usual[9]))


def outcomes(n: int, generator: Generator) -> Inputs:
    """Return n detections of five classes at three thresholds, some equal in score."""
    positives = torch.randint(0, 9, (_CLASSES,), generator=generator)
    return (
        torch.randint(0, _CLASSES, (n,), generator=generator),
        torch.randint(0, 9, (n,), generator=generator).double() / 8,
        torch.randint(0, 3, (len(_THRESHOLDS), n), generator=generator),
        positives + n,
        torch.arange(VOC_POINTS, dtype=torch.float64) * _doubles((0.1,)),
    )


def hard_outcomes(generator: Generator) -> Iterator[Inputs]:
    """Yield classes without positives, and each outcome alone; found to the last one."""
    usual = outcomes(60, generator)
    yield (*usual[:3], torch.zeros_like(usual[3]), usual[4])
    for outcome in range(3):
        yield (*usual[:2], torch.full_like(usual[2], outcome), *usual[3:])
    found = torch.bincount(usual[0], minlength=_CLASSES)
    yield (*usual[:2], torch.ones_like(usual[2]), found, usual[4])


def _doubles(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
