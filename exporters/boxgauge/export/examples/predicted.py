"""Random and hard inputs of the graphs of predictions without labels."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.metrics.report import RECALL_POINTS

Three = tuple[Tensor, Tensor, Tensor]
Expected = tuple[Tensor, Tensor, Tensor, Tensor]

_BINS, _REFERENCE_GROUPS, _CURRENT_GROUPS = 11, 6, 5


def counts(n: int, generator: Generator) -> Three:
    """Return counts of n features of 11 bins, some of them empty."""
    both = torch.randint(0, 7, (2, n, _BINS), generator=generator)
    widths = torch.randint(0, 5, (n, _BINS), generator=generator).double() / 4
    return both[0], both[1] * 3, widths


def hard_counts(generator: Generator) -> Iterator[Three]:
    """Yield equal and disjoint distributions, an empty side, both empty, huge counts, one bin."""
    reference, current, widths = counts(5, generator)
    nothing = torch.zeros_like(reference)
    yield reference, reference * 4, widths
    yield reference * (reference > 3), reference * (reference < 3), widths
    yield reference, nothing, widths
    yield nothing, nothing, widths
    yield reference * 10**14, current * 10**9, widths * 1e6
    yield reference[:, :1] + 1, current[:, :1], widths[:, :1]


def groups(n: int, generator: Generator) -> Three:
    """Return counts of n features of 11 bins in 6 and 5 groups."""
    reference = torch.randint(0, 9, (n, _REFERENCE_GROUPS, _BINS), generator=generator)
    current = torch.randint(0, 9, (n, _CURRENT_GROUPS, _BINS), generator=generator)
    return reference, current, torch.arange(n) % 3 > 0


def hard_groups(generator: Generator) -> Iterator[Three]:
    """Yield no counts, one group, groups without counts, equal groups, one bin, huge counts."""
    reference, current, ordered = groups(6, generator)
    nothing = torch.zeros_like(current)
    first = torch.arange(_CURRENT_GROUPS)[:, None] == 0
    yield reference, nothing, ordered
    yield reference, current * first, ordered
    yield reference * 0 + 3, current * 0 + 3, ordered
    yield reference * (torch.arange(_REFERENCE_GROUPS)[:, None] > 2), current, ordered
    yield reference[:, :, :1], current[:, :, :1], ordered
    yield reference * 10**9, current * 10**6, ordered


def expected(n: int, generator: Generator) -> Expected:
    """Return n classes of 11 bins, some of them without detections."""
    tp, fp = 5 * torch.rand((2, n, _BINS), generator=generator, dtype=torch.float64)
    kept = torch.rand((n, _BINS), generator=generator) > 0.3
    missed = 20 * torch.rand(n, generator=generator, dtype=torch.float64)
    recall_points = torch.arange(RECALL_POINTS, dtype=torch.float64) * 0.01
    return tp * kept, fp * kept, (tp * kept).sum(1) + missed, recall_points


def hard_expected(generator: Generator) -> Iterator[Expected]:
    """Yield no hits, no misses, no positives, all found, one bin, tiny and huge counts."""
    tp, fp, positives, points = expected(7, generator)
    yield tp * 0, fp, positives, points
    yield tp, fp * 0, positives, points
    yield tp, fp, positives * 0, points
    yield tp, fp, tp.sum(1), points
    yield tp[:, :1], fp[:, :1], positives, points
    yield tp * 1e-9, fp * 1e-9, positives * 1e-9, points
    yield tp * 1e12, fp * 1e12, positives * 1e12, points
