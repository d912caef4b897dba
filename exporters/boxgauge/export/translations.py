"""ONNX forms of the ATen operators that the exporter of torch 2.13 lacks or gets wrong."""

from collections.abc import Callable
from typing import Any

import torch
from onnx import TensorProto
from onnxscript import opset18

# Its types are those of ONNX's eager evaluation, which is not how these are called.
op: Any = opset18

_BOOL, _INT64 = int(TensorProto.BOOL), int(TensorProto.INT64)

# A running minimum doubles its reach as often: it is exact up to 2**24 values.
_DOUBLINGS = 24


def sort_stable(
    # onnxscript traces with a tensor type that has no public name.
    self: Any,  # noqa: ANN401
    stable: bool = True,
    dim: int = -1,
    descending: bool = False,
) -> Any:  # noqa: ANN401
    """Return the sorted values and their indices.

    ``TopK`` of everything is a sort. ONNX promises no order of ties; ONNX Runtime puts the
    lower index first, which is what stable means. A kernel that must not rely on that sorts
    keys without ties.
    """
    size = op.Shape(self, start=dim, end=dim + 1) if dim != -1 else op.Shape(self, start=-1)
    return op.TopK(self, size, axis=dim, largest=int(descending), sorted=1)


def any_of_all(
    self: Any,  # noqa: ANN401  (see above)
) -> Any:  # noqa: ANN401
    """Return whether any element is true; false when there is none.

    torch's own translation is the maximum, which of nothing is the lowest integer: true, and
    a loop that runs while any is true then never ends.
    """
    return op.Cast(op.ReduceSum(op.Cast(op.Cast(self, to=_BOOL), to=_INT64), keepdims=0), to=_BOOL)


def any_along(
    self: Any,  # noqa: ANN401  (see above)
    dim: int,
    keepdim: bool = False,
) -> Any:  # noqa: ANN401
    """Return whether any element along ``dim`` is true; false when there is none."""
    axis = op.Constant(value_ints=[dim])
    marks = op.Cast(op.Cast(self, to=_BOOL), to=_INT64)
    return op.Cast(op.ReduceSum(marks, axis, keepdims=int(keepdim)), to=_BOOL)


def log1p(
    self: Any,  # noqa: ANN401  (see above)
) -> Any:  # noqa: ANN401
    """Return ln(1 + x) with all its digits, also where 1 + x rounds to 1.

    torch's own translation is Log(1 + x), which is 0 there. The second term is the first-order
    effect of what was lost in rounding the sum.
    """
    one = op.CastLike(op.Constant(value_float=1.0), self)
    rounded = op.Add(one, self)
    lost = op.Sub(self, op.Sub(rounded, one))
    return op.Add(op.Log(rounded), op.Div(lost, rounded))


def softplus(
    self: Any,  # noqa: ANN401  (see above)
    beta: float = 1.0,
    threshold: float = 20.0,
) -> Any:  # noqa: ANN401
    """Return ln(1 + e^x) as max(x, 0) + ln(1 + e^-|x|).

    ONNX's own Softplus is scalar code in ONNX Runtime, 40 times as slow as its Exp. Above
    ``threshold`` torch returns x itself, which this equals in float32.
    """
    if beta != 1 or threshold < 17:
        raise ValueError(f"softplus has beta 1 and threshold 20: got {beta} and {threshold}")
    return op.Add(op.Relu(self), log1p(op.Exp(op.Neg(op.Abs(self)))))


def searchsorted(
    sorted_sequence: Any,  # noqa: ANN401  (see above)
    self: Any,  # noqa: ANN401
    *,
    right: bool = False,
) -> Any:  # noqa: ANN401
    """Return how many of an ascending sequence are before each value, both of one axis.

    One sort of both together. That equal ones keep their order is as ``sort_stable`` says;
    "before" is at or below if ``right``, else below.
    """
    sought, known = op.Shape(self), op.Shape(sorted_sequence)
    # Of equal ones, the first of the two comes first.
    both = (sorted_sequence, self) if right else (self, sorted_sequence)
    _, order = op.TopK(op.Concat(*both, axis=0), op.Add(sought, known), axis=0, largest=0, sorted=1)
    is_known = op.Less(order, known) if right else op.GreaterOrEqual(order, sought)
    before = op.CumSum(op.Cast(is_known, to=_INT64), op.Constant(value_int=0))
    passed = op.ScatterElements(order, order, before, axis=0)
    start = known if right else op.Constant(value_ints=[0])
    return op.Slice(passed, start, op.Add(start, sought))


def cummin(
    self: Any,  # noqa: ANN401  (see above)
    dim: int,
) -> Any:  # noqa: ANN401
    """Return the least of each value and all before it, of one axis, and its last position."""
    zero = op.Constant(value_int=0)
    length = op.Squeeze(op.Shape(self))
    rows = op.Range(zero, length, op.Constant(value_int=1))
    least, position = self, rows
    for doubling in range(_DOUBLINGS):
        # Before the first row is the first row again, which changes nothing.
        earlier = op.Max(op.Sub(rows, op.Constant(value_int=2**doubling)), zero)
        other = op.Gather(least, earlier)
        position = op.Where(op.Less(other, least), op.Gather(position, earlier), position)
        least = op.Min(least, other)
    return least, position


def translation_table() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Return what ``torch.onnx.export`` takes as ``custom_translation_table``."""
    return {
        torch.ops.aten.cummin.default: cummin,
        torch.ops.aten.searchsorted.Tensor: searchsorted,
        torch.ops.aten.sort.stable: sort_stable,
        torch.ops.aten.any.default: any_of_all,
        torch.ops.aten.any.dim: any_along,
        torch.ops.aten.log1p.default: log1p,
        torch.ops.aten.softplus.default: softplus,
    }
