"""Random and hard inputs of the graph of resampled curves."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Inputs = tuple[Tensor, ...]

_IMAGES, _CLASSES, _SLICES, _THRESHOLDS = 7, 3, 2, 4


def resamples(n: int, generator: Generator) -> Inputs:
    """Return n detections of a few images and classes, over 2 slices and 4 thresholds."""
    groups = _SLICES * _CLASSES
    label = torch.sort(_below(_CLASSES, n, generator))[0]
    # 0 a false positive, 1 a true positive, 2 ignored: [slice, threshold, detection].
    outcome = _below(3, _SLICES * _THRESHOLDS * n, generator).reshape(_SLICES, _THRESHOLDS, n)
    counted = outcome != 2
    correction = counted.long() - counted[:, -1:].long()
    event = (outcome == 1) | (correction != 0)
    of_slice, threshold, row = event.nonzero().unbind(1)
    curve = (of_slice * _THRESHOLDS + threshold) * _CLASSES + label[row]
    positives = n + 5
    slices, thresholds, classes = (torch.arange(k) for k in (_SLICES, _THRESHOLDS, _CLASSES))
    group = (slices[:, None] * _CLASSES + classes)[:, None].expand(-1, len(thresholds), -1)
    return (
        _below(3, _IMAGES, generator),
        _below(_IMAGES, n, generator),
        counted[:, -1].contiguous(),
        row,
        curve,
        outcome[of_slice, threshold, row] == 1,
        correction[of_slice, threshold, row],
        group.reshape(-1),
        slices.repeat_interleave(_CLASSES),
        torch.searchsorted(label, classes).repeat(_SLICES),
        _below(_IMAGES, positives, generator),
        _below(groups, positives, generator),
        torch.arange(101, dtype=torch.float64) * 0.01,
    )


def hard_resamples(generator: Generator) -> Iterator[Inputs]:
    """Yield weights that are all 0, all 1 and huge, no events, and no positives."""
    usual = resamples(60, generator)
    for weights in (usual[0] * 0, usual[0] * 0 + 1, usual[0] * 2**40):
        yield (weights, *usual[1:])
    yield (*usual[:3], *(each[:0] for each in usual[3:7]), *usual[7:])
    yield (*usual[:10], *(each[:0] for each in usual[10:12]), usual[12])


def _below(limit: int, n: int, generator: Generator) -> Tensor:
    return torch.randint(0, limit, (n,), generator=generator)
