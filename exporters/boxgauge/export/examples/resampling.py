"""Random and hard inputs of the graph of resampled curves."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Inputs = tuple[Tensor, ...]

_IMAGES, _GROUPS, _THRESHOLDS = 7, 3, 4
_CURVES = _GROUPS * _THRESHOLDS


def resamples(n: int, generator: Generator) -> Inputs:
    """Return n detections of a few images, some of 3 groups each, at 4 thresholds."""
    image, group = _below(_IMAGES, n, generator), torch.sort(_below(_GROUPS, n, generator))[0]
    # 0 a false positive, 1 a true positive, 2 ignored.
    outcome = _below(3, _THRESHOLDS * n, generator).reshape(_THRESHOLDS, n)
    counts = outcome != 2
    correction = counts.long() - counts[-1].long()
    seen = torch.cumsum(counts[-1], 0)
    # By curve, which is group and then threshold; then by row.
    event = ((outcome == 1) | (correction != 0)).nonzero()
    threshold, row = event.unbind(1)
    curve, order = torch.sort(group[row] * _THRESHOLDS + threshold, stable=True)
    threshold, row = threshold[order], row[order]
    listed, positives = group[counts[-1]], n + 5
    return (
        _below(3, _IMAGES, generator),
        image[counts[-1]],
        torch.searchsorted(listed, torch.arange(_GROUPS)),
        image[row],
        seen[row],
        (outcome[threshold, row] == 1).long(),
        correction[threshold, row],
        curve,
        torch.bincount(curve, minlength=_CURVES),
        torch.arange(_CURVES) // _THRESHOLDS,
        _below(_IMAGES, positives, generator),
        _below(_GROUPS, positives, generator),
        torch.arange(101, dtype=torch.float64) * 0.01,
    )


def hard_resamples(generator: Generator) -> Iterator[Inputs]:
    """Yield weights that are all 0, all 1 and huge, no events, and no positives."""
    usual = resamples(60, generator)
    for weights in (usual[0] * 0, usual[0] * 0 + 1, usual[0] * 2**40):
        yield (weights, *usual[1:])
    yield (*usual[:3], *(each[:0] for each in usual[3:8]), usual[8] * 0, *usual[9:])
    yield (*usual[:10], *(each[:0] for each in usual[10:12]), usual[12])


def _below(limit: int, n: int, generator: Generator) -> Tensor:
    return torch.randint(0, limit, (n,), generator=generator)
