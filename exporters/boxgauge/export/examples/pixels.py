"""Random and extreme inputs of the graphs of pixel metrics."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Inputs = tuple[Tensor, ...]


def masks(n: int, generator: Generator) -> Inputs:
    """Return n pixels of four classes, void ones and others among them, and earlier counts."""
    target = torch.randint(-1, 9, (n,), generator=generator)
    other = torch.randint(0, 9, (n,), generator=generator)
    wrong = torch.rand(n, generator=generator) < 0.3
    before = torch.randint(0, 9, (5, 5), generator=generator)
    return torch.where(wrong, other, target), target, torch.tensor([0, 7, 3, 5]), before


def extreme_masks(generator: Generator) -> Iterator[Inputs]:
    """Yield no classes, ids far beyond the table, and nothing but void pixels."""
    pred, target, classes, counts = masks(60, generator)
    yield pred, target, classes[:0], counts[:1, :1].contiguous()
    yield pred * 10**12, target * 10**12, classes, counts
    yield -pred - 1, target, classes, counts
    yield pred, torch.full_like(target, -1), classes, counts


def counts(n: int, generator: Generator) -> Inputs:
    """Return confusion counts of n classes, some of them absent, and the others."""
    found = torch.randint(0, 10**9, (n + 1, n + 1), generator=generator)
    absent = torch.rand(n + 1, generator=generator) < 0.2
    return (torch.where(absent | absent[:, None], 0, found),)


def extreme_counts(generator: Generator) -> Iterator[Inputs]:
    """Yield no pixels, no errors, and nothing right."""
    (found,) = counts(6, generator)
    yield (found * 0,)
    yield (torch.diag(torch.diagonal(found)),)
    yield (found - torch.diag(torch.diagonal(found)),)
