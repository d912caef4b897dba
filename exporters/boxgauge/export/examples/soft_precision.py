"""Random and special candidates of a detector, with the quality of their boxes."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.export.examples.classification import logits_and_labels
from boxgauge.export.examples.ranking import ranking_cases

Labels = tuple[Tensor, Tensor]
Candidates = tuple[Tensor, Tensor, Tensor]


def label_cases(generator: Generator) -> Iterator[Labels]:
    """Yield ties, one class alone, saturated logits, and ignored rows."""
    yield from ranking_cases(generator)
    logits, labels = logits_and_labels(40, generator)
    yield logits, labels - (torch.rand(40, generator=generator) < 0.3).float()
    yield logits - 1e4, labels


def candidates(n: int, generator: Generator) -> Candidates:
    """Return logits, labels, and the IoU of each candidate's box with its object."""
    return *logits_and_labels(n, generator), torch.rand(n, generator=generator)


def candidate_cases(generator: Generator) -> Iterator[Candidates]:
    """Yield ties, one class alone, saturated logits, ignored rows, and IoUs of 0 and 1."""
    for logits, labels in ranking_cases(generator):
        quality = torch.rand(logits.shape[0], generator=generator)
        yield logits, labels, quality
        yield logits, labels, quality.round()
    logits, labels, quality = candidates(40, generator)
    yield logits, labels, torch.zeros_like(quality)
    yield logits, labels, torch.ones_like(quality)
    yield logits + 1e4, labels, quality
    yield logits, labels - (quality < 0.3).float(), quality
    one = torch.zeros_like(labels)
    one[7] = 1.0
    yield logits, one, quality
