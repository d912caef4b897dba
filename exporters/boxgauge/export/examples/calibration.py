"""Random and extreme inputs of the graphs of calibration."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.metrics.calibration import count_calibration

Inputs = tuple[Tensor, ...]

_GROUPS, _BINS = 3, 10


def detections(n: int, generator: Generator) -> Inputs:
    """Return n detections, about half of them correct, and counts to add them to."""
    scores = torch.rand(n, generator=generator, dtype=torch.float64)
    corner = torch.rand(n, 2, generator=generator, dtype=torch.float64) * 50
    size = torch.rand(n, 2, generator=generator, dtype=torch.float64) * 100
    truths = torch.cat([corner, size], 1)
    return (
        torch.randint(0, _GROUPS, (n,), generator=generator),
        scores,
        torch.rand(n, generator=generator) < 0.5,
        truths + torch.rand(n, 4, generator=generator, dtype=torch.float64),
        truths,
        torch.arange(1, _BINS, dtype=torch.float64) / _BINS,
        torch.randint(0, 9, (_GROUPS, _BINS, 4), generator=generator),
    )


def extreme_detections(generator: Generator) -> Iterator[Inputs]:
    """Yield scores at the bounds, equal boxes, no bounds at all, and boxes without area."""
    usual = detections(40, generator)
    group, scores, correct, boxes, truths, bounds, counts = usual
    yield (group, torch.round(scores * _BINS) / _BINS, correct, boxes, truths, bounds, counts)
    yield (group, scores, torch.ones_like(correct), truths, truths, bounds, counts)
    yield (group, scores, correct, boxes, truths, bounds[:0], counts[:, :1].contiguous())
    yield (group, scores, correct, boxes * 0, truths, bounds, counts)


def counts(n: int, generator: Generator) -> Inputs:
    """Return the counts of n groups, some of their bins sparse."""
    _, scores, correct, boxes, truths, bounds, _ = detections(20 * n, generator)
    group = torch.arange(20 * n) // 20
    empty = torch.zeros(n, _BINS, 4, dtype=torch.int64)
    found = count_calibration(group, scores, correct, boxes, truths, bounds, empty)
    return found, torch.tensor([2])


def extreme_counts(generator: Generator) -> Iterator[Inputs]:
    """Yield no detections, more than there are, and as many as fit."""
    found, least = counts(4, generator)
    yield found * 0, least
    yield found, least * 1000
    yield found * 10**7, least
