"""Random and special rankings."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.export.examples.classification import logits_and_labels

Pair = tuple[Tensor, Tensor]
Located = tuple[Tensor, Tensor, Tensor]


def ranking_cases(generator: Generator) -> Iterator[Pair]:
    """Yield logits with ties, no positives, positives alone, and saturated ones."""
    logits, labels = logits_and_labels(40, generator)
    yield (logits * 2).round() / 2, labels
    yield logits, torch.zeros_like(labels)
    yield logits, torch.ones_like(labels)
    yield torch.zeros_like(logits), labels
    yield logits.sign() * 1e4, labels


def located_logits(n: int, generator: Generator) -> Located:
    """Return logits, labels and the errors of location of a detector, in [0, 1]."""
    return (*logits_and_labels(n, generator), torch.rand(n, generator=generator))


def located_ranking_cases(generator: Generator) -> Iterator[Located]:
    """Yield the special rankings with any, the least and the largest errors of location."""
    for logits, labels in ranking_cases(generator):
        error = torch.rand(labels.shape[0], generator=generator)
        for location_error in (error, torch.zeros_like(error), torch.ones_like(error)):
            yield logits, labels, location_error


def logits_and_quality(n: int, generator: Generator) -> Pair:
    """Return logits and labels: the quality of localisation in (0, 1] of a positive, or 0."""
    logits, labels = logits_and_labels(n, generator)
    return logits, labels * (1 - torch.rand(n, generator=generator))


def quality_ranking_cases(generator: Generator) -> Iterator[Pair]:
    """Yield the special rankings with distinct, tied, equal and inverted qualities."""
    for logits, labels in ranking_cases(generator):
        quality = labels * (1 - torch.rand(labels.shape[0], generator=generator))
        yield logits, quality
        yield logits, (quality * 4).ceil() / 4
        yield logits, labels
        yield logits, labels * (-logits / 8).sigmoid()
