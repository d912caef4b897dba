"""What a kernel takes and returns, read from its annotations."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from boxgauge.losses.boxes import BoxFormat

# A kernel returns its losses, or a named tuple of them and more.
Kernel = Callable[..., Any]
Option = float | str | Sequence[float]


@dataclass(frozen=True)
class Input:
    """A tensor that a kernel takes.

    Attributes:
        name: Of the parameter.
        axes: Its sizes as annotated: numbers, or symbols such as ``n``; ``...`` for any.
        is_integer: Whether it holds classes or counts.
    """

    name: str
    axes: tuple[str, ...]
    is_integer: bool

    def empty(self, sizes: Mapping[str, int]) -> Tensor:
        """Return the tensor of no rows: ``n`` and ``...`` are 0, symbols not in ``sizes`` 2."""
        known = {"n": 0, "...": 0} | dict(sizes)
        shape = [int(axis) if axis.isdecimal() else known.get(axis, 2) for axis in self.axes]
        return torch.zeros(shape, dtype=torch.int64 if self.is_integer else torch.float32)


@dataclass(frozen=True)
class Signature:
    """A kernel, taken apart.

    Attributes:
        name: Of the kernel.
        inputs: The tensors of each call, in order.
        states: The tensors that it also takes, and returns anew as ``next_<name>``.
        options: Keyword parameters and their defaults.
        loss_axes: The sizes of the loss.
        box_format: What its boxes are, if the first two inputs are boxes.
    """

    name: str
    inputs: tuple[Input, ...]
    states: tuple[Input, ...]
    options: Mapping[str, Option]
    loss_axes: tuple[str, ...]
    box_format: BoxFormat | None


def signature_of(kernel: Kernel) -> Signature:
    """Return what ``kernel`` takes and returns."""
    declared = inspect.signature(kernel)
    returned = declared.return_annotation
    fields: Mapping[str, Any] = getattr(returned, "__annotations__", {})
    loss = fields.get("loss", returned)
    tensors, options = [], {}
    for name, parameter in declared.parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            options[name] = parameter.default
        else:
            tensors.append(_input(name, parameter.annotation))
    inputs = tuple(each for each in tensors if f"next_{each.name}" not in fields)
    return Signature(
        name=kernel.__name__,
        inputs=inputs,
        states=tuple(each for each in tensors if each not in inputs),
        options=options,
        loss_axes=_axes(loss),
        box_format=_box_format(inputs),
    )


def _input(name: str, annotation: Any) -> Input:  # noqa: ANN401  (jaxtyping's types have no name)
    return Input(name, _axes(annotation), not any("float" in each for each in annotation.dtypes))


def _axes(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401  (as above)
    return tuple(annotation.dim_str.split())


def _box_format(inputs: tuple[Input, ...]) -> BoxFormat | None:
    first, second = (each.name for each in inputs[:2])
    if (first, second) == ("pred", "target") and inputs[0].axes == ("n", "4"):
        return "xyxy"
    return "cxcywh" if (first, second) == ("pred_cxcywh", "target_cxcywh") else None
