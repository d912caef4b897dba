"""Random and hard inputs of the graphs of score thresholds: ties, one class, nothing counted."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Outcomes = tuple[Tensor, Tensor, Tensor]
Counts = tuple[Tensor, Tensor, Tensor, Tensor]


def outcomes(n: int, generator: Generator) -> Outcomes:
    """Return n detections of four classes; few distinct scores make ties common."""
    label = torch.randint(0, 4, (n,), generator=generator)
    scores = torch.randint(0, 9, (n,), generator=generator).double() / 8
    return label, scores, torch.randint(0, 3, (n,), generator=generator).to(torch.int8)


def hard_outcomes(generator: Generator) -> Iterator[Outcomes]:
    """Yield one score, one class, nothing that counts, zeros of both signs, an absent class."""
    label, scores, outcome = outcomes(40, generator)
    yield label, torch.full_like(scores, 0.5), outcome
    yield torch.zeros_like(label), scores, outcome
    yield label, scores, torch.full_like(outcome, 2)
    yield label, torch.where(label == 1, -0.0, 0.0).double(), outcome
    yield label * 7, scores * 1e300, outcome


def counts(n: int, generator: Generator) -> Counts:
    """Return n rows of counts, and a beta."""
    tp, fp, missed = (torch.randint(0, 5, (n,), generator=generator) for _ in range(3))
    return tp, fp, tp + missed, torch.tensor([1.5], dtype=torch.float64)


def extreme_counts(generator: Generator) -> Iterator[Counts]:
    """Yield nothing at all, no positives, huge counts, and betas far from 1."""
    tp, fp, positives, beta = counts(9, generator)
    nothing = torch.zeros_like(tp)
    yield nothing, nothing, nothing, beta
    yield nothing, fp, nothing, beta
    yield tp * 10**12, fp * 10**12, positives * 10**12, beta
    yield tp, fp, positives, beta * 1e-9
    yield tp, fp, positives, beta * 1e9
