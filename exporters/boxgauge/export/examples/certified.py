"""Random and hard inputs of certified reports: bins of one and of many, no hits, hits alone."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.metrics.report import RECALL_POINTS

Inputs = tuple[Tensor, ...]

_CLASSES, _PATTERNS, _AREAS, _THRESHOLDS, _MAXIMA = 4, 9, 3, 5, 2


def bins(n: int, generator: Generator) -> Inputs:
    """Return n rows of 4 classes, 3 area ranges, 5 thresholds and 2 maxima."""
    place = torch.sort(_below(_CLASSES * 6, (n,), generator))[0]
    counts = _below(4, (n, _MAXIMA), generator)
    size = (_PATTERNS, _AREAS, _THRESHOLDS)
    return (
        place // 6,
        place % 6,
        _below(_PATTERNS, (n,), generator),
        torch.cumsum(counts, 1),
        _below(3, size, generator),
        torch.full((_CLASSES, _AREAS), 9 * n + 1) + _below(9, (_CLASSES, _AREAS), generator),
        torch.arange(RECALL_POINTS, dtype=torch.float64) * 0.01,
    )


def hard_bins(generator: Generator) -> Iterator[Inputs]:
    """Yield a bin for all, no positives, and one outcome alone of each kind."""
    usual = bins(60, generator)
    yield (usual[0] * 0, usual[1] * 0, *usual[2:])
    yield (*usual[:5], torch.zeros_like(usual[5]), usual[6])
    for outcome in range(3):
        yield (*usual[:4], torch.full_like(usual[4], outcome), *usual[5:])


def _below(limit: int, shape: tuple[int, ...], generator: Generator) -> Tensor:
    return torch.randint(0, limit, shape, generator=generator)
