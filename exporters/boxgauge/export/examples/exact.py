"""Random and hard inputs of the exact graphs: ties, crowds, empty sides, one and no classes."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.metrics.report import RECALL_POINTS
from boxgauge.metrics.segments import order_within

Inputs = tuple[Tensor, ...]

_AREAS = ((0.0, 1e10), (0.0, 1024.0), (1024.0, 9216.0))
_THRESHOLDS = (0.5, 0.75, 0.9, 0.95, 1.0)


def scenes(n: int, generator: Generator) -> Inputs:
    """Return n detections and about as many ground truths of a few images and classes.

    Coarse coordinates and scores make equal overlaps and equal scores common.
    """
    detections, truths = _boxes(n, generator), _boxes(n + 2 if n else 0, generator)
    count = truths.shape[0]
    return (
        _below(4, n, generator),
        _below(2, n, generator),
        detections,
        _below(6, n, generator).double() / 5,
        _below(4, count, generator),
        _below(2, count, generator),
        truths,
        truths[:, 2] * truths[:, 3],
        torch.rand(count, generator=generator) < 0.2,
        torch.rand(count, generator=generator) < 0.1,
        torch.tensor(_THRESHOLDS, dtype=torch.float64),
        torch.tensor(_AREAS, dtype=torch.float64),
        torch.tensor([9]),
    )


def hard_scenes(generator: Generator) -> Iterator[Inputs]:
    """Yield no ground truth, no detections, one crowd, equal boxes, and one threshold."""
    usual = scenes(40, generator)
    yield (*usual[:4], *(each[:0] for each in usual[4:10]), *usual[10:])
    yield (*(each[:0] for each in usual[:4]), *usual[4:])
    yield (*usual[:8], torch.ones_like(usual[8]), *usual[9:])
    yield (
        *usual[:2],
        usual[2][:1].repeat(40, 1),
        *usual[3:6],
        usual[2][:1].repeat(42, 1),
        *usual[7:],
    )
    yield (*usual[:10], usual[10][:1], usual[11][:1], usual[12])


def outcomes(n: int, generator: Generator) -> Inputs:
    """Return n detections in report order, with outcomes over 3 area ranges, 5 thresholds."""
    patterns = 8
    label, score = _below(4, n, generator), _below(9, n, generator).double() / 8
    cell = torch.sort(_below(5, n, generator))[0] * 4 + label
    rows = torch.arange(n)
    ahead = (score > score[:, None]) | ((score == score[:, None]) & (rows < rows[:, None]))
    rank = (ahead & (cell == cell[:, None])).sum(1)
    order = order_within(label, score)
    return (
        *(each[order] for each in (label, score, rank, _below(patterns, n, generator))),
        _below(3, patterns * 15, generator).reshape(patterns, 3, 5),
        torch.full((4, 3), n + 1) + _below(9, 12, generator).reshape(4, 3),
        torch.tensor([1, 10]),
        torch.arange(RECALL_POINTS, dtype=torch.float64) * 0.01,
    )


def hard_outcomes(generator: Generator) -> Iterator[Inputs]:
    """Yield classes without positives, true positives alone, and none at all."""
    usual = outcomes(60, generator)
    yield (*usual[:5], torch.zeros_like(usual[5]), *usual[6:])
    yield (*usual[:4], torch.ones_like(usual[4]), *usual[5:])
    yield (*usual[:4], torch.zeros_like(usual[4]), *usual[5:])
    yield (*usual[:4], torch.full_like(usual[4], 2), *usual[5:])


def _below(limit: int, n: int, generator: Generator) -> Tensor:
    return torch.randint(0, limit, (n,), generator=generator)


def _boxes(n: int, generator: Generator) -> Tensor:
    corner = torch.randint(0, 4, (n, 2), generator=generator)
    side = torch.randint(1, 5, (n, 2), generator=generator)
    return torch.cat([corner, side], 1).double() * 20
