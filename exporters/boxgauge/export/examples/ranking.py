"""Random and special rankings."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.export.examples.classification import logits_and_labels

Pair = tuple[Tensor, Tensor]


def ranking_cases(generator: Generator) -> Iterator[Pair]:
    """Yield logits with ties, no positives, positives alone, and saturated ones."""
    logits, labels = logits_and_labels(40, generator)
    yield (logits * 2).round() / 2, labels
    yield logits, torch.zeros_like(labels)
    yield logits, torch.ones_like(labels)
    yield torch.zeros_like(logits), labels
    yield logits.sign() * 1e4, labels
