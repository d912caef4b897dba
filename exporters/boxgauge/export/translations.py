"""ONNX forms of the ATen operators that the exporter of torch 2.13 does not know."""

from collections.abc import Callable
from typing import Any

import torch
from onnxscript import opset18 as op


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


def translation_table() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Return what ``torch.onnx.export`` takes as ``custom_translation_table``."""
    return {torch.ops.aten.sort.stable: sort_stable}
