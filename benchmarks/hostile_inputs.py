"""Inputs that break losses: drawn for the tensors of any graph, by the names they have.

Boxes are empty, inverted, coincident, huge or tiny, up to 1e6 in every coordinate; logits go
up to 1e4; labels may be all of one kind. All are what the losses promise to survive.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Sizes = Mapping[str, int]
Port = Mapping[str, Any]

_COORDINATES = np.array(
    [0, -0.0, 1, -1, 1e-45, 1e-38, 1e-7, 1e-6, 0.5, 100, 1e3, 1e6, -1e6, 999999.9], np.float32
)
_LOGITS = np.array(
    [0, -0.0, 1e-38, 1, 15, 18, 19.9, 20.1, 40, 87, 88.8, 89, 104, 1e3, 9999, 1e4], np.float32
)
_PAIRS = (("pred", "target"), ("pred", "target_boxes"), ("pred_cxcywh", "target_cxcywh"))
_SHARES = np.array([0, 1e-45, 1e-38, 1e-8, 1e-7, 0.5, 1 - 2e-7, 1 - 6e-8, 1], np.float32)


def draw(
    ports: Sequence[Mapping[str, Any]], sizes: Sizes, rng: np.random.Generator
) -> dict[str, Array]:
    """Return an array for each port of a graph, as the manifest describes it.

    Args:
        ports: Names, types and shapes.
        sizes: The size of each symbol.
        rng: Draws.

    Raises:
        KeyError: A port has a name that nothing here is known of.
    """
    arrays: dict[str, Array] = {}
    names = {port["name"] for port in ports}
    for port in ports:
        name = port["name"]
        shape = tuple(sizes[size] if isinstance(size, str) else size for size in port["shape"])
        make = _MAKERS[name]
        if name == "target" and not names & {"logits", "prob"}:
            make = _boxes
        elif name == "target" and port["dtype"] == "int64":
            make = _classes(sizes["k"])
        arrays[name] = make(shape, rng).astype(port["dtype"])
    for pred, target in (
        ("pred", "target"),
        ("pred", "target_boxes"),
        ("pred_cxcywh", "target_cxcywh"),
    ):
        if arrays.keys() >= {pred, target} and arrays[pred].shape == arrays[target].shape:
            _relate(arrays[pred], arrays[target], rng)
    return arrays


def _pick(pool: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    return pool[rng.integers(len(pool), size=shape)] * rng.choice([-1, 1], shape).astype(np.float32)


def _boxes(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return boxes: a third of the coordinates special, the rest of any magnitude or usual."""
    usual = rng.uniform(0, 640, shape)
    spread = 10.0 ** rng.uniform(-40, 6, shape) * rng.choice([-1, 1], shape)
    kind = rng.integers(3, size=shape)
    boxes = np.select([kind == 0, kind == 1], [_pick(_COORDINATES, shape, rng), spread], usual)
    row = rng.integers(6, size=shape[0])
    boxes[row == 0, 2] = boxes[row == 0, 0]  # no width
    boxes[row == 1, 2:] = boxes[row == 1, :2]  # a point
    boxes[row == 2] = usual[row == 2]  # a usual box, maybe inverted
    return boxes.astype(np.float32)


def _relate(pred: Array, target: Array, rng: np.random.Generator) -> None:
    """Make some predictions equal to their targets, nearly so, or their mirror image."""
    row = rng.integers(8, size=len(pred))
    pred[row == 0] = target[row == 0]
    pred[row == 1] = np.nextafter(target[row == 1], np.float32(0))
    pred[row == 2] = -target[row == 2]
    pred[row == 3, :2] = target[row == 3, :2]  # same corner, or same centre


def _logits(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    kind = rng.integers(3, size=shape)
    usual, wide = rng.normal(0, 5, shape), rng.uniform(-1e4, 1e4, shape)
    logits = np.select([kind == 0, kind == 1], [_pick(_LOGITS, shape, rng), wide], usual)
    if rng.random() < 0.1:
        logits[...] = logits.flat[0] if logits.size else 0  # all tied
    return logits


def _shares(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    special = _SHARES[rng.integers(len(_SHARES), size=shape)]
    return np.where(rng.random(shape) < 0.5, special, rng.random(shape))


def _labels(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return labels of 0 and 1, none of them 1, all of them 1, or labels in between."""
    kind = rng.integers(4)
    if kind < 2:
        return np.full(shape, float(kind))
    return (rng.random(shape) < 0.2).astype(float) if kind == 2 else _shares(shape, rng)


def _classes(count: int) -> Callable[[tuple[int, ...], np.random.Generator], Array]:
    return lambda shape, rng: rng.integers(max(count, 1), size=shape)


def _counts(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    return np.where(rng.random(shape) < 0.3, 0, 10.0 ** rng.uniform(0, 9, shape)).astype(np.int64)


def _sides(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    return 10.0 ** rng.uniform(0, 6, shape)


_MAKERS: dict[str, Callable[[tuple[int, ...], np.random.Generator], Array]] = {
    "pred": _boxes,
    "target_boxes": _boxes,
    "pred_cxcywh": _boxes,
    "target_cxcywh": _boxes,
    "logits": _logits,
    "prob": _shares,
    "quality": _shares,
    "iou": _shares,
    "location_error": _shares,
    "target": _labels,
    "position": lambda shape, rng: rng.uniform(-2, 20, shape),
    "image_size": _sides,
    "mean_iou_loss": _shares,
    "bin_counts": _counts,
    "class_counts": _counts,
    "weights": _shares,
}
