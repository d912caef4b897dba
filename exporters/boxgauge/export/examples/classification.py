"""Random and extreme logits, probabilities and labels."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Pair = tuple[Tensor, Tensor]

# The sigmoid of float32 is exactly 0 from -18 on in ONNX Runtime, exp overflows from 89 on.
_LOGITS = (0.0, 1e-8, 15.0, 18.0, 19.9, 20.1, 40.0, 87.0, 89.0, 104.0, 1e3, 1e4)


def logits_and_labels(n: int, generator: Generator) -> Pair:
    """Return logits of a detector and labels of 0 and 1, a quarter of them 1."""
    labels = (torch.rand(n, generator=generator) < 0.25).float()
    return torch.randn(n, generator=generator) * 4 + 3 * labels, labels


def extreme_logits(_: Generator) -> Iterator[Pair]:
    """Yield saturated logits of both signs under labels 0, 1 and in between."""
    one_sign = torch.tensor(_LOGITS)
    logits = torch.cat((one_sign, -one_sign))
    for label in (0.0, 1.0, 0.5):
        yield logits, torch.full_like(logits, label)


def probabilities_and_labels(n: int, generator: Generator) -> Pair:
    """Return probabilities and labels of 0 and 1."""
    logits, labels = logits_and_labels(n, generator)
    return logits.sigmoid(), labels


def extreme_probabilities(_: Generator) -> Iterator[Pair]:
    """Yield probabilities at and next to 0 and 1 under labels 0, 1 and in between."""
    prob = torch.tensor((0.0, 1e-38, 1e-8, 1e-7, 2e-7, 0.5, 1 - 2e-7, 1 - 6e-8, 1.0))
    for label in (0.0, 1.0, 0.5):
        yield prob, torch.full_like(prob, label)
