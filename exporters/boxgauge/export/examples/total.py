"""Random and extreme inputs of total losses."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from boxgauge.export.examples.boxes import box_pairs
from boxgauge.export.examples.classification import extreme_logits, logits_and_labels

Pair = tuple[Tensor, Tensor]


def detections(n: int, generator: Generator) -> tuple[Tensor, ...]:
    """Return n anchors, about half as many positives with boxes, and three weights."""
    logits, labels = logits_and_labels(n, generator)
    weights = torch.rand(3, generator=generator)
    return logits, labels, *box_pairs(n and n // 2 + 2, generator), weights


def extreme_detections(generator: Generator) -> Iterator[tuple[Tensor, ...]]:
    """Yield anchors without positives, positives without anchors, and extremes of both."""
    logits, labels, pred, target, weights = detections(20, generator)
    yield logits, torch.zeros_like(labels), pred[:0], target[:0], weights
    yield logits[:0], labels[:0], pred, target, weights
    for logits, labels in extreme_logits(generator):
        yield logits, labels, pred - 1e6, target + 1e6, weights
