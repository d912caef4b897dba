"""Random and hard inputs of certified reports and of the jackknife."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.metrics.left_out import STEPS
from boxgauge.metrics.report import RECALL_POINTS

Inputs = tuple[Tensor, ...]

_CURVES, _GROUPS = 5, 7


def events(n: int, generator: Generator) -> Inputs:
    """Return n events of 5 curves of one class: bins with hits, with corrections, with neither."""
    curve = torch.sort(_below(_CURVES, (n,), generator))[0]
    curve_events = torch.bincount(curve, minlength=_CURVES)
    # As many bins as events; a curve's own ones are those at the same places.
    hits, missed, between = (_below(4, (n,), generator) for _ in range(3))
    upto = torch.cumsum(hits + missed + between, 0)
    correction = _below(3, (n,), generator) - missed.clamp(max=1)
    return (
        hits,
        correction,
        upto - hits - missed,
        upto,
        curve,
        curve_events,
        hits.sum() + _below(9, (_CURVES,), generator),
        torch.arange(RECALL_POINTS, dtype=torch.float64) * 0.01,
    )


def hard_events(generator: Generator) -> Iterator[Inputs]:
    """Yield one curve for all, no hits, no positives and hits alone."""
    usual = events(60, generator)
    yield (*usual[:4], usual[4] * 0, torch.tensor([60, 0, 0, 0, 0]), *usual[6:])
    yield (usual[0] * 0, *usual[1:])
    yield (*usual[:6], usual[6] * 0, usual[7])
    place = torch.cumsum(usual[0], 0)
    yield (usual[0], usual[0] * 0, place - usual[0], place, *usual[4:])


def groups(n: int, generator: Generator) -> Inputs:
    """Return n curves of 7 groups."""
    size = (STEPS, _GROUPS, n)
    hits = _below(3, size, generator)
    seen = hits + _below(5, size, generator)
    return hits.float(), seen.float(), hits.sum(0) + _below(4, (_GROUPS, n), generator)


def hard_groups(generator: Generator) -> Iterator[Inputs]:
    """Yield nothing seen, no positives, and all in one group."""
    hits, seen, positives = groups(9, generator)
    yield hits * 0, seen * 0, positives
    yield hits * 0, seen, positives * 0
    one = (torch.arange(_GROUPS) == 2)[:, None]
    yield hits * one, seen * one, positives * one


def _below(limit: int, shape: tuple[int, ...], generator: Generator) -> Tensor:
    return torch.randint(0, limit, shape, generator=generator)
