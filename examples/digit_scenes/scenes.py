"""Compose grey scenes of real handwritten digits, with their boxes, from a seed.

The digits are the 1,797 images of 8×8 pixels that scikit-learn ships, a copy of the test
set of UCI's "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998).
Where a digit is pasted, how large and over what, is drawn; its strokes are a person's.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scene import Scene
from sklearn.datasets import load_digits

CANVAS = 256
CLASSES = tuple("0123456789")
Split = Literal["train", "val"]

_SPLIT_KEYS: dict[Split, int] = {"train": 0, "val": 1}
_VAL_DIGITS = 450
_SIZE_RANGE = (12.0, 140.0)  # longer side of the pasted digit, px
_MOST_COVERED = 0.3  # of the smaller of two boxes
# Ink from here on is inside the box. A hair over 1/2, which some cells reach exactly: there
# the last bit, and with it the scene, would depend on the machine.
_SHOWS = 0.5 + 1e-9
_EMPTY_SHARE = 0.03
_CROWD_SHARE = 0.08


@dataclass(frozen=True)
class Digits:
    """Handwritten digits: ``images`` [n, 8, 8] of ink in [0, 1], ``labels`` [n] in 0..9."""

    images: NDArray[np.float64]
    labels: NDArray[np.int64]


def digits_of(split: Split, *, seed: int = 0) -> Digits:
    """Return the digits of one split; no handwritten image is in both."""
    source = load_digits()
    order = np.random.default_rng(seed).permutation(len(source.target))
    chosen = order[:_VAL_DIGITS] if split == "val" else order[_VAL_DIGITS:]
    return Digits(source.images[chosen] / 16.0, source.target[chosen].astype(np.int64))


def compose(digits: Digits, split: Split, index: int, *, seed: int = 0) -> Scene:
    """Return scene ``index`` of a split; the same arguments give the same scene.

    About 3% of the scenes hold no digit, and about 8% a heap of one digit, annotated as
    COCO annotates what cannot be told apart: by one crowd box around all of it.
    """
    rng = np.random.default_rng([seed, _SPLIT_KEYS[split], index])
    canvas = _background(rng)
    boxes: list[NDArray[np.float64]] = []
    labels: list[int] = []
    crowds: list[bool] = []

    empty = rng.random() < _EMPTY_SHARE
    if not empty and rng.random() < _CROWD_SHARE:
        label = int(rng.integers(10))
        boxes.append(_heap(canvas, digits, label, rng))
        labels.append(label)
        crowds.append(True)
    for _ in range(0 if empty else rng.integers(2, 10)):
        chosen = int(rng.integers(len(digits.labels)))
        side = float(np.exp(rng.uniform(*np.log(_SIZE_RANGE))))
        ink = _enlarge(digits.images[chosen], side, rng)
        place = _free_place(ink, boxes, rng)
        if place is not None:
            boxes.append(_paste(canvas, ink, place, rng))
            labels.append(int(digits.labels[chosen]))
            crowds.append(False)

    canvas += rng.uniform(0.01, 0.06) * rng.standard_normal(canvas.shape, dtype=np.float32)
    return Scene(
        image=np.rint(255 * canvas.clip(0, 1)).astype(np.uint8),
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        labels=np.array(labels, dtype=np.int64),
        iscrowd=np.array(crowds, dtype=np.bool_),
    )


def _background(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return uneven light with scratches and soft spots: clutter that is no digit."""
    coarse = rng.uniform(0.25, 0.75, (4, 4))
    canvas = _resample(CANVAS, 4) @ coarse @ _resample(CANVAS, 4).T
    along = np.arange(CANVAS) - 128.0
    for _ in range(rng.integers(0, 6)):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-100, 100)
        away = np.cos(angle) * along + np.sin(angle) * along[:, None] - offset
        canvas += rng.uniform(-0.3, 0.3) * np.exp(-((away / rng.uniform(0.7, 2.5)) ** 2))
    for _ in range(rng.integers(0, 5)):
        x, y, spread = rng.uniform(0, 256), rng.uniform(0, 256), rng.uniform(3, 25)
        across = np.exp(-((np.arange(CANVAS) - x) ** 2) / (2 * spread**2))
        down = np.exp(-((np.arange(CANVAS) - y) ** 2) / (2 * spread**2))
        canvas += rng.uniform(-0.4, 0.4) * np.outer(down, across)
    return canvas


def _resample(to: int, cells: int) -> NDArray[np.float64]:
    """Return [to, cells] weights of linear interpolation between cell centres."""
    at = ((np.arange(to) + 0.5) * cells / to - 0.5).clip(0, cells - 1)
    return (1 - np.abs(at[:, None] - np.arange(cells))).clip(0, 1)


def _enlarge(
    digit: NDArray[np.float64], side: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the digit's ink in [0, 1], cropped to what shows, its longer side near ``side``."""
    cells = np.pad(digit, 1)
    height = max(8, round(side * 10 / 8))
    width = max(8, round(height * rng.uniform(0.75, 1.1)))
    smooth = _resample(height, 10) @ cells @ _resample(width, 10).T
    # Interpolation blurs strokes over a cell; a steep ramp gives them an edge again.
    ink = ((smooth - 0.3) / 0.3).clip(0, 1)
    rows, columns = np.flatnonzero(ink.max(1) > _SHOWS), np.flatnonzero(ink.max(0) > _SHOWS)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _free_place(
    ink: NDArray[np.float64], boxes: list[NDArray[np.float64]], rng: np.random.Generator
) -> tuple[int, int] | None:
    """Return a (left, top) where no box is covered too far, or None after 20 tries."""
    height, width = ink.shape
    for _ in range(20):
        left, top = int(rng.integers(CANVAS - width)), int(rng.integers(CANVAS - height))
        box = np.array([left, top, left + width, top + height], dtype=np.float64)
        if all(_covered(box, other) <= _MOST_COVERED for other in boxes):
            return left, top
    return None


def _covered(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    sides = (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).clip(0)
    return float(sides.prod() / min((a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod()))


def _paste(
    canvas: NDArray[np.float64],
    ink: NDArray[np.float64],
    place: tuple[int, int],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw lighter or darker ink onto the canvas, in place, and return its box."""
    (left, top), (height, width) = place, ink.shape
    under = canvas[top : top + height, left : left + width]
    sign = 1.0 if under.mean() < 0.5 else -1.0
    shade = under.mean() + sign * rng.uniform(0.15, 0.5)
    under += ink * (shade - under)
    return np.array([left, top, left + width, top + height], dtype=np.float64)


def _heap(
    canvas: NDArray[np.float64], digits: Digits, label: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Pile 7 to 12 copies of one digit on each other and return the box around them all."""
    centre = rng.uniform(60, CANVAS - 60, 2)
    parts = []
    for chosen in rng.choice(np.flatnonzero(digits.labels == label), rng.integers(7, 13)):
        ink = _enlarge(digits.images[chosen], rng.uniform(16, 36), rng)
        left, top = (round(at) for at in centre + rng.uniform(-30, 12, 2))
        parts.append(_paste(canvas, ink, (left, top), rng))
    piled = np.array(parts)
    return np.concatenate([piled[:, :2].min(0), piled[:, 2:].max(0)])
