"""Random and extreme inputs at which graphs are traced and compared with eager PyTorch."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Pair = tuple[Tensor, Tensor]

# The sigmoid of float32 is exactly 0 from -18 on in ONNX Runtime, exp overflows from 89 on.
_LOGITS = (0.0, 1e-8, 15.0, 18.0, 19.9, 20.1, 40.0, 87.0, 89.0, 104.0, 1e3, 1e4)


def box_pairs(n: int, generator: Generator) -> Pair:
    """Return predicted and true boxes of an image, most of them overlapping."""
    origin = torch.rand(n, 2, generator=generator) * 400
    target = torch.cat((origin, origin + 1 + torch.rand(n, 2, generator=generator) * 200), dim=-1)
    return target + torch.randn(n, 4, generator=generator) * 20, target


def extreme_box_pairs(generator: Generator) -> Iterator[Pair]:
    """Yield pairs that are equal, empty, inverted, far apart, huge or tiny."""
    boxes, _ = box_pairs(8, generator)
    yield boxes, boxes
    corner = boxes[:, :2]
    empty = torch.cat((corner, corner), dim=-1)
    yield empty, empty
    yield empty, boxes
    yield boxes.flip(-1), boxes
    yield boxes - 1e6, boxes + 1e6
    yield boxes * 2500, boxes * -2500
    yield boxes * 1e-4, boxes * 1e-4 + 1e-5


def centre_pairs(n: int, generator: Generator) -> Pair:
    """Return predicted and true boxes as centre, width and height."""
    target = torch.rand(n, 4, generator=generator) * 200
    return target + torch.randn(n, 4, generator=generator) * 3, target


def extreme_centre_pairs(generator: Generator) -> Iterator[Pair]:
    """Yield pairs that are equal, exactly 1 apart (where Smooth L1 changes form), or huge."""
    boxes, _ = centre_pairs(8, generator)
    yield boxes, boxes
    yield boxes.round() + 1, boxes.round()
    yield boxes + 1e6, boxes - 1e6


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


def ranking_cases(generator: Generator) -> Iterator[Pair]:
    """Yield logits with ties, no positives, positives alone, and saturated ones."""
    logits, labels = logits_and_labels(40, generator)
    yield (logits * 2).round() / 2, labels
    yield logits, torch.zeros_like(labels)
    yield logits, torch.ones_like(labels)
    yield torch.zeros_like(logits), labels
    yield logits.sign() * 1e4, labels


def probabilities_and_labels(n: int, generator: Generator) -> Pair:
    """Return probabilities and labels of 0 and 1."""
    logits, labels = logits_and_labels(n, generator)
    return logits.sigmoid(), labels


def extreme_probabilities(_: Generator) -> Iterator[Pair]:
    """Yield probabilities at and next to 0 and 1 under labels 0, 1 and in between."""
    prob = torch.tensor((0.0, 1e-38, 1e-8, 1e-7, 2e-7, 0.5, 1 - 2e-7, 1 - 6e-8, 1.0))
    for label in (0.0, 1.0, 0.5):
        yield prob, torch.full_like(prob, label)


def soft_masks(n: int, generator: Generator) -> Pair:
    """Return foreground probabilities and binary masks of 29 pixels."""
    target = (torch.rand(n, 29, generator=generator) < 0.3).float()
    return torch.rand(n, 29, generator=generator), target


def extreme_soft_masks(generator: Generator) -> Iterator[Pair]:
    """Yield empty, full, equal, disjoint and zero-pixel masks."""
    _, mask = soft_masks(6, generator)
    zeros, ones = torch.zeros_like(mask), torch.ones_like(mask)
    yield from ((zeros, zeros), (ones, ones), (zeros, ones), (mask, mask), (1 - mask, mask))
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


def _one_hot(classes: Tensor, count: int) -> Tensor:
    return (classes[:, None] == torch.arange(count)[:, None]).float()
