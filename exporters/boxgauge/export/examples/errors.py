"""Random and hard inputs of the graphs of what goes wrong: ties, empty sides, no classes."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Inputs = tuple[Tensor, ...]

_CLASSES = 4


def box_pairs(n: int, generator: Generator) -> Inputs:
    """Return n pairs of boxes on a coarse grid, some equal, some that only touch, some crowds."""
    return _boxes(n, generator), _boxes(n, generator), _flags(n, 0.2, generator)


def hard_box_pairs(generator: Generator) -> Iterator[Inputs]:
    """Yield boxes without area, crowds alone, huge and tiny boxes."""
    dt, gt, crowd = box_pairs(64, generator)
    yield dt * 0, gt, crowd
    yield dt, gt, torch.ones_like(crowd)
    yield dt * 1e9, gt * 1e9, crowd
    yield dt * 1e-9, gt * 1e-9, crowd


def images(n: int, generator: Generator) -> Inputs:
    """Return n detections and about as many ground truths of a few images."""
    detections, truths = _boxes(n, generator), _boxes(n + 2 if n else 0, generator)
    count = truths.shape[0]
    return (
        _below(4, n, generator),
        detections,
        _below(4, count, generator),
        truths,
        _flags(count, 0.2, generator),
        _number(0.1),
    )


def hard_images(generator: Generator) -> Iterator[Inputs]:
    """Yield one empty side, the other, and boxes that all coincide."""
    usual = images(40, generator)
    yield (*usual[:2], *(each[:0] for each in usual[2:5]), usual[5])
    yield (*(each[:0] for each in usual[:2]), *usual[2:])
    yield usual[0], usual[1][:1].repeat(40, 1), usual[2], usual[1][:1].repeat(42, 1), *usual[4:]


def confusions(n: int, generator: Generator) -> Inputs:
    """Return n detections, of which about a fifth found nothing."""
    return (
        _below(_CLASSES, n, generator),
        _below(_CLASSES + 1, n, generator) - 1,
        _below(9, n, generator).double() / 8,
        n + _below(5, _CLASSES, generator),
        _number(0.5),
    )


def hard_confusions(generator: Generator) -> Iterator[Inputs]:
    """Yield nothing found, nothing above the threshold, one class, and no classes."""
    label, truth, scores, positives, threshold = confusions(30, generator)
    yield label, torch.full_like(truth, -1), scores, positives, threshold
    yield label, truth, scores, positives, _number(2.0)
    yield label * 0, truth.clamp(max=0), scores, positives[:1], threshold
    yield label[:0], truth[:0], scores[:0], positives[:0], threshold


def mistakes(n: int, generator: Generator) -> Inputs:
    """Return n detections with random overlaps, of which about a fifth found something."""
    truths, pairs = n + 3, 3 * n
    return (
        _below(_CLASSES, n, generator),
        _below(9, n, generator).double() / 8,
        _flags(n, 0.2, generator),
        _below(_CLASSES, truths, generator),
        _flags(truths, 0.8, generator),
        _flags(truths, 0.2, generator),
        _below(max(n, 1), pairs, generator),
        _below(truths, pairs, generator),
        (1 + _below(10, pairs, generator)).double() / 10,
        _number(0.5),
        _number(0.1),
    )


def hard_mistakes(generator: Generator) -> Iterator[Inputs]:
    """Yield no ground truth, no pairs, nothing that counts, and one class."""
    usual = mistakes(30, generator)
    pairs = tuple(each[:0] for each in usual[6:9])
    yield (*usual[:3], *(each[:0] for each in usual[3:6]), *pairs, *usual[9:])
    yield (*usual[:6], *pairs, *usual[9:])
    yield (*usual[:4], torch.zeros_like(usual[4]), *usual[5:])
    yield (usual[0] * 0, *usual[1:3], usual[3] * 0, *usual[4:])


def found(n: int, generator: Generator) -> Inputs:
    """Return n detections of three outcomes, with scores that tie and overlaps that vary."""
    return (
        _below(_CLASSES, n, generator),
        _below(9, n, generator).double() / 8,
        _below(3, n, generator),
        0.5 + torch.rand(n, generator=generator, dtype=torch.float64) / 2,
        n + _below(5, _CLASSES, generator),
        _number(0.5),
    )


def hard_found(generator: Generator) -> Iterator[Inputs]:
    """Yield no positives, false positives alone, overlaps at the threshold, and no classes."""
    usual = found(60, generator)
    yield (*usual[:4], torch.zeros_like(usual[4]), usual[5])
    yield (*usual[:2], torch.zeros_like(usual[2]), *usual[3:])
    yield (*usual[:3], torch.full_like(usual[3], 0.5), *usual[4:])
    yield (*(each[:0] for each in usual[:5]), usual[5])


def _below(limit: int, n: int, generator: Generator) -> Tensor:
    return torch.randint(0, limit, (n,), generator=generator)


def _flags(n: int, share: float, generator: Generator) -> Tensor:
    return torch.rand(n, generator=generator) < share


def _number(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)


def _boxes(n: int, generator: Generator) -> Tensor:
    corner = torch.randint(0, 4, (n, 2), generator=generator)
    side = torch.randint(1, 5, (n, 2), generator=generator)
    return torch.cat([corner, side], 1).double() * 20
