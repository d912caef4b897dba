"""The base of the losses as modules: options, format, weight, reduction and state in one place."""

import inspect
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from boxgauge.losses.formats import BOX_FORMATS, convert_boxes
from boxgauge.losses.reduction import Reduction, reduce
from boxgauge.losses.signature import BoxFormat, Kernel, Option, Signature, signature_of


class LossModule(nn.Module):
    """A loss of this package as a module.

    A subclass is one line: ``class GIoULoss(LossModule, kernel=giou_loss)``.

    Args:
        reduction: ``"mean"`` (of no values it is 0), ``"sum"``, both of shape [1], or
            ``"none"``.
        box_format: Of losses of boxes: how the boxes given are written, ``"xyxy"``,
            ``"cxcywh"`` or ``"xywh"``; by default as the function takes them.
        options: Those of the function.

    Raises:
        TypeError: The loss has no such option, or it is of the wrong type.
        ValueError: An option is out of its range. Both name the loss and the option.
    """

    kernel: ClassVar[Kernel]
    signature: ClassVar[Signature]
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls, *, kernel: Kernel | None = None, **others: Any) -> None:  # noqa: ANN401
        super().__init_subclass__(**others)
        if kernel is not None:
            cls.kernel = staticmethod(kernel)
            cls.signature = signature_of(kernel)
            cls.__signature__ = _constructor(cls)
            cls.__doc__ = "\n\n".join(
                filter(None, (inspect.cleandoc(cls.__doc__ or ""), inspect.getdoc(kernel)))
            )

    def __init__(
        self,
        *,
        reduction: Reduction = "mean",
        box_format: BoxFormat | None = None,
        **options: Option,
    ) -> None:
        super().__init__()
        reduce(torch.zeros(0), reduction)
        self.reduction = reduction
        self.box_format = self._checked_format(box_format)
        self.options = {**self.signature.options, **self._checked(options)}
        for state, start in self._initial_states().items():
            self.register_buffer(state, start)
        self._try_on_no_rows()

    def forward(
        self, pred: Tensor, target: Tensor, *others: Tensor, weight: Tensor | None = None
    ) -> Tensor:
        """Return the reduced loss of what the function takes, in its order.

        In training mode a running state, if there is one, is taken on.

        Args:
            pred: The function's first tensor: boxes, logits or probabilities.
            target: Its second.
            others: The others, if it takes more.
            weight: Factors that broadcast to the loss before it is reduced; a mean still
                divides by the number of values.
        """
        inputs = (pred, target, *others)
        if len(inputs) != len(self.signature.inputs):
            names = ", ".join(each.name for each in self.signature.inputs)
            raise TypeError(
                f"{self.signature.name} takes {names}, and weight by name:"
                f" got {len(inputs)} tensors"
            )
        return reduce(self.per_row(*inputs), self.reduction, weight)

    def per_row(self, *inputs: Tensor) -> Tensor:
        """Return the loss as the function does, neither weighted nor reduced."""
        native = self.signature.box_format
        if native is not None and self.box_format is not None:
            pred, target, *others = inputs
            boxes = (convert_boxes(each, self.box_format, native) for each in (pred, target))
            inputs = (*boxes, *others)
        # Clones, because taking on the next state writes into the buffers.
        states = [self.get_buffer(each.name).clone() for each in self.signature.states]
        result = self.kernel(*inputs, *states, **self.options)
        if self.training:
            for each in self.signature.states:
                following: Tensor = getattr(result, f"next_{each.name}")
                self.get_buffer(each.name).copy_(following.detach())
        return cast("Tensor", result[0] if isinstance(result, tuple) else result)

    def extra_repr(self) -> str:
        """Return the options, for ``repr``."""
        shown: dict[str, Option | None] = {"reduction": self.reduction}
        if self.box_format is not None:
            shown["box_format"] = self.box_format
        return ", ".join(f"{name}={value!r}" for name, value in (shown | self.options).items())

    def _initial_states(self) -> dict[str, Tensor]:
        """Return the states of a loss that has any, as they begin."""
        if self.signature.states:
            raise NotImplementedError(f"{type(self).__name__} says nothing of how its state begins")
        return {}

    def _checked_format(self, box_format: BoxFormat | None) -> BoxFormat | None:
        name, native = self.signature.name, self.signature.box_format
        if box_format is None:
            return native
        if native is None:
            raise TypeError(f"{name} takes no boxes, so no box_format: got {box_format!r}")
        if box_format not in BOX_FORMATS:
            raise ValueError(
                f"{name}: box_format must be one of {', '.join(BOX_FORMATS)}: got {box_format!r}"
            )
        return box_format

    def _checked(self, options: dict[str, Option]) -> dict[str, Option]:
        name, known = self.signature.name, self.signature.options
        unknown = sorted(options.keys() - known.keys())
        if unknown:
            raise TypeError(
                f"{name} has no option {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
            )
        for option, value in options.items():
            if _kind(value) is not _kind(known[option]):
                raise TypeError(f"{name}: {option} must be like {known[option]!r}: got {value!r}")
        return options

    def _try_on_no_rows(self) -> None:
        """Let the function judge its options now, not at the first batch."""
        states = {each: self.get_buffer(each.name).clone() for each in self.signature.states}
        sizes = {
            axis: size
            for each, state in states.items()
            for axis, size in zip(each.axes, state.shape, strict=True)
        }
        tensors = [each.empty(sizes) for each in self.signature.inputs]
        try:
            self.kernel(*tensors, *states.values(), **self.options)
        except ValueError as error:
            raise ValueError(f"{self.signature.name}: {error}") from error


def _kind(value: object) -> type:
    """Return the type, any number being a float to us."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float if is_number else type(value)


def _constructor(module: type[LossModule]) -> inspect.Signature:
    """Return how the class is called, for ``help``: its own parameters and the options."""
    own = [
        parameter
        for parameter in inspect.signature(module.__init__).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        and (parameter.name != "box_format" or module.signature.box_format)
    ]
    options = [
        parameter
        for parameter in inspect.signature(module.kernel).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    return inspect.Signature([*own, *options])
