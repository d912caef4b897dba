"""What the tests of the losses draw their boxes and numbers from."""

import torch
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor

# No deadline: the first call into torch takes longer than any other.
laws = settings(deadline=None, max_examples=25)

Pair = tuple[Tensor, Tensor]


def _float(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, width=32)


@st.composite
def _box(draw: st.DrawFn) -> list[float]:
    x, y = draw(_float(-50, 50)), draw(_float(-50, 50))
    width, height = draw(_float(0.5, 80)), draw(_float(0.5, 80))
    return [x, y, x + width, y + height]


@st.composite
def box_pairs(draw: st.DrawFn, dtype: torch.dtype = torch.float64) -> Pair:
    """Pairs of proper boxes: apart, crossing, nested and equal; sometimes none."""
    rows = draw(st.lists(st.tuples(_box(), _box(), st.booleans()), max_size=6))
    pred = [a for a, _, _ in rows]
    target = [a if equal else b for a, b, equal in rows]
    return (
        torch.tensor(pred, dtype=dtype).reshape(-1, 4),
        torch.tensor(target, dtype=dtype).reshape(-1, 4),
    )


_HOSTILE = st.sampled_from([0.0, -0.0, 1.0, 1e-6, 1e-30, -1.0, 1e6, -1e6]) | _float(-1e6, 1e6)


@st.composite
def hostile_box_pairs(draw: st.DrawFn) -> Pair:
    """Pairs with empty, coincident, inverted, far and huge boxes, float32."""
    side = st.lists(_HOSTILE, min_size=4, max_size=4)
    rows = draw(st.lists(st.tuples(side, side), min_size=1, max_size=6))
    pred, target = zip(*rows, strict=True)
    return torch.tensor(pred), torch.tensor(target)


def logits(limit: float = 30) -> st.SearchStrategy[float]:
    return _float(-limit, limit)


def probabilities() -> st.SearchStrategy[float]:
    return _float(0, 1)


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def gradient(loss: Tensor, of: Tensor) -> Tensor:
    """Return the gradient of the sum of ``loss``."""
    (result,) = torch.autograd.grad(loss.sum(), of)
    return result


def rows_of(*tensors: Tensor) -> list[tuple[list[float], ...]]:
    """Return the rows of paired tensors as plain lists."""
    return list(zip(*(tensor.tolist() for tensor in tensors), strict=True))


Rows = tuple[Tensor, Tensor]


@st.composite
def class_rows(draw: st.DrawFn, limit: float = 30, *, stray: bool = False) -> Rows:
    """Rows of 1 to 5 logits, float64, and their classes; some classes stray where asked to."""
    classes = draw(st.integers(1, 5))
    lowest, highest = (-2, classes + 1) if stray else (0, classes - 1)
    row = st.tuples(
        st.lists(logits(limit), min_size=classes, max_size=classes), st.integers(lowest, highest)
    )
    rows = draw(st.lists(row, max_size=5))
    return (
        torch.tensor([x for x, _ in rows], dtype=torch.float64).reshape(-1, classes),
        torch.tensor([y for _, y in rows], dtype=torch.int64),
    )
