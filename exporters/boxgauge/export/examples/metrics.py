"""Random and extreme inputs of the metric graphs."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Masks = tuple[Tensor, Tensor, Tensor]
Outcomes = tuple[Tensor, Tensor, Tensor, Tensor]


def class_masks(n: int, generator: Generator) -> Masks:
    """Return class masks of 29 pixels, void pixels and unlisted classes among them."""
    target = torch.randint(-1, 6, (n, 29), generator=generator)
    other = torch.randint(0, 6, (n, 29), generator=generator)
    wrong = torch.rand(n, 29, generator=generator) < 0.3
    return torch.where(wrong, other, target.clamp(min=0)), target, torch.arange(5)


def extreme_class_masks(generator: Generator) -> Iterator[Masks]:
    """Yield no classes, an absent class, void masks, and masks without pixels."""
    pred, target, classes = class_masks(3, generator)
    yield pred, target, classes[:0]
    yield pred, target, torch.tensor([2, 99])
    yield pred, torch.full_like(target, -1), classes
    yield pred[:, :0], target[:, :0], classes


def outcomes(n: int, generator: Generator) -> Outcomes:
    """Return n scored outcomes, a third of them ignored, and a threshold inside the scores."""
    scores = torch.rand(n, generator=generator, dtype=torch.float64)
    outcome = torch.randint(0, 3, (n,), generator=generator).to(torch.int8)
    return scores, outcome, torch.tensor([n + 3]), torch.tensor([0.5], dtype=torch.float64)


def extreme_outcomes(generator: Generator) -> Iterator[Outcomes]:
    """Yield thresholds above, below and at the scores, and no positives."""
    scores, outcome, positives, threshold = outcomes(9, generator)
    yield scores, outcome, positives, threshold + 1e6
    yield scores * 1e6, outcome, positives, threshold - 1e6
    yield torch.full_like(scores, 0.5), outcome, positives, threshold
    yield scores, torch.zeros_like(outcome), torch.zeros_like(positives), threshold
