"""Random and extreme masks."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Pair = tuple[Tensor, Tensor]


def soft_masks(n: int, generator: Generator) -> Pair:
    """Return foreground probabilities and binary masks of 29 pixels."""
    target = (torch.rand(n, 29, generator=generator) < 0.3).float()
    return torch.rand(n, 29, generator=generator), target


def extreme_soft_masks(generator: Generator) -> Iterator[Pair]:
    """Yield empty, full, equal, disjoint and zero-pixel masks."""
    _, mask = soft_masks(6, generator)
    zeros, ones = torch.zeros_like(mask), torch.ones_like(mask)
    yield from ((zeros, zeros), (ones, ones), (zeros, ones), (mask, mask), (1 - mask, mask))
    yield ones, zeros
    yield 3 * mask - 1, mask
    yield mask[:, :0], mask[:, :0]


def mask_logits(n: int, generator: Generator) -> Pair:
    """Return foreground logits and binary masks of 29 pixels."""
    _, target = soft_masks(n, generator)
    return torch.randn(n, 29, generator=generator) * 4 + 3 * target, target


def extreme_mask_logits(generator: Generator) -> Iterator[Pair]:
    """Yield saturated, equal and margin logits for every kind of mask, and zero-pixel ones."""
    _, mask = mask_logits(6, generator)
    signs = 2 * mask - 1
    for size in (0.0, 1.0, 18.0, 104.0, 1e4):
        for target in (mask, 1 - mask, torch.zeros_like(mask), torch.ones_like(mask)):
            yield signs * size, target
    yield mask[:, :0], mask[:, :0]


def soft_class_masks(n: int, generator: Generator) -> Pair:
    """Return class probabilities and one-hot masks, 3 classes over 29 pixels."""
    target = _one_hot(torch.randint(3, (n, 29), generator=generator), 3)
    return torch.randn(n, 3, 29, generator=generator).softmax(1), target


def extreme_soft_class_masks(generator: Generator) -> Iterator[Pair]:
    """Yield equal masks, disjoint ones, and ones from which classes are absent."""
    _, target = soft_class_masks(6, generator)
    one_class = _one_hot(torch.zeros(6, 29, dtype=torch.int64), 3)
    yield target, target
    yield target.roll(1, dims=1), target
    yield one_class, one_class
    yield one_class, target
    yield torch.zeros_like(target), torch.zeros_like(target)
    yield 3 * target - 1, target
    yield target[:, :, :0], target[:, :, :0]


def _one_hot(classes: Tensor, count: int) -> Tensor:
    return (classes[:, None] == torch.arange(count)[:, None]).float()
