"""Random and extreme logits, probabilities and labels."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Pair = tuple[Tensor, Tensor]
Triple = tuple[Tensor, Tensor, Tensor]

# The sigmoid of float32 is exactly 0 from -18 on in ONNX Runtime, exp overflows from 89 on.
_LOGITS = (0.0, 1e-8, 15.0, 18.0, 19.9, 20.1, 40.0, 87.0, 89.0, 104.0, 1e3, 1e4)
# Unlike any size that graphs are traced or compared at.
_CLASSES, _BINS = 5, 9


def logits_and_labels(n: int, generator: Generator) -> Pair:
    """Return logits of a detector and labels of 0 and 1, a quarter of them 1."""
    labels = (torch.rand(n, generator=generator) < 0.25).float()
    return torch.randn(n, generator=generator) * 4 + 3 * labels, labels


def logits_and_qualities(n: int, generator: Generator) -> Pair:
    """Return logits and IoUs as labels, three quarters of them 0."""
    logits, labels = logits_and_labels(n, generator)
    return logits, labels * torch.rand(n, generator=generator)


def extreme_logits(_: Generator) -> Iterator[Pair]:
    """Yield saturated logits of both signs under labels 0, 1 and in between."""
    one_sign = torch.tensor(_LOGITS)
    logits = torch.cat((one_sign, -one_sign))
    for label in (0.0, 1.0, 0.5, 1e-8):
        yield logits, torch.full_like(logits, label)


def probabilities_and_labels(n: int, generator: Generator) -> Pair:
    """Return probabilities and labels of 0 and 1."""
    logits, labels = logits_and_labels(n, generator)
    return logits.sigmoid(), labels


def extreme_probabilities(_: Generator) -> Iterator[Pair]:
    """Yield probabilities at, next to and beyond 0 and 1 under labels 0, 1 and in between."""
    prob = torch.tensor((-0.5, 0.0, 1e-38, 1e-8, 1e-7, 2e-7, 0.5, 1 - 2e-7, 1 - 6e-8, 1.0, 1.5))
    for label in (0.0, 1.0, 0.5):
        yield prob, torch.full_like(prob, label)


def logits_and_classes(n: int, generator: Generator) -> Pair:
    """Return rows of logits and their classes."""
    target = torch.randint(0, _CLASSES, (n,), generator=generator)
    return torch.randn(n, _CLASSES, generator=generator) * 3, target


def extreme_classes(generator: Generator) -> Iterator[Pair]:
    """Yield saturated, equal and single logits, and classes there are none of."""
    target = torch.arange(-1, _CLASSES + 1)
    logits, _ = logits_and_classes(len(target), generator)
    for extreme in (logits.sign() * 1e4, torch.zeros_like(logits), logits * 30, logits + 1e4):
        yield extreme, target
    yield logits, torch.full_like(target, -100)
    yield logits[:, :1] * 1e4, torch.zeros_like(target)


def bins_and_positions(n: int, generator: Generator) -> Pair:
    """Return rows of logits and positions over their bins."""
    position = torch.rand(n, generator=generator) * (_BINS - 1)
    return torch.randn(n, _BINS, generator=generator) * 2, position


def extreme_positions(generator: Generator) -> Iterator[Pair]:
    """Yield positions on bins, at the ends and beyond them, saturated logits, a single bin."""
    position = torch.tensor((-1e6, -0.5, 0.0, 1.0, 3.5, _BINS - 1.0, _BINS - 0.9, 1e6))
    logits, _ = bins_and_positions(len(position), generator)
    for extreme in (logits, logits.sign() * 1e4, torch.zeros_like(logits)):
        yield extreme, position
    yield logits[:, :1] * 1e4, position


def logits_and_bin_counts(n: int, generator: Generator) -> Triple:
    """Return logits, labels and the running counts of bins."""
    counts = torch.rand(_BINS, generator=generator) * 100
    return *logits_and_labels(n, generator), counts


def extreme_bin_counts(generator: Generator) -> Iterator[Triple]:
    """Yield saturated logits, no counts yet, huge ones, a single bin, ignored rows alone."""
    counts = torch.zeros(_BINS)
    for logits, labels in extreme_logits(generator):
        yield logits, labels, counts
    logits, labels, counts = logits_and_bin_counts(20, generator)
    yield logits, labels, counts * 1e30
    yield logits, labels, counts[:1]
    yield logits, torch.full_like(labels, -1), counts


def logits_and_class_counts(n: int, generator: Generator) -> Triple:
    """Return rows of logits, their classes and the running counts of classes."""
    counts = torch.randint(0, 1000, (_CLASSES,), generator=generator)
    return *logits_and_classes(n, generator), counts


def extreme_class_counts(generator: Generator) -> Iterator[Triple]:
    """Yield the extremes of many classes with no counts yet, and with lopsided ones."""
    lopsided = torch.tensor((0, 1, 10**6, 2**40, 3))
    for logits, target in extreme_classes(generator):
        classes = logits.shape[1]
        yield logits, target, torch.zeros(classes, dtype=torch.int64)
        yield logits, target, lopsided[:classes]
