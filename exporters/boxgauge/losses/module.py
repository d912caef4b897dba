"""The base of the losses as modules: options, format, weight, reduction and state in one place."""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_args

import torch
from torch import Tensor, nn

from boxgauge.losses.boxes import BoxFormat, cxcywh, to_corners
from boxgauge.losses.reduction import Reduction, reduce
from boxgauge.losses.signature import Kernel, Option, Signature, signature_of


class LossModule(nn.Module):
    """A loss of this package as a module.

    A subclass is one line: ``class GIoULoss(LossModule, kernel=giou_loss)``.

    Args:
        reduction: ``"mean"`` (of no values it is 0), ``"sum"``, both of shape [1], or
            ``"none"``.
        box_format: Of losses of boxes: how the boxes given are written, ``"xyxy"``,
            ``"cxcywh"`` or ``"xywh"``; by default as the function takes them.
        states: Of losses with a running state: how it begins. It is a buffer of that name,
            and so part of ``state_dict``; each call in training mode takes on the next.
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
        states: Mapping[str, Tensor] | None = None,
        **options: Option,
    ) -> None:
        super().__init__()
        reduce(torch.zeros(0), reduction)
        self.reduction = reduction
        self.box_format = self._checked_format(box_format)
        self.options = {**self.signature.options, **self._checked(options)}
        for state, start in self._checked_states(states or {}).items():
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

    if TYPE_CHECKING:
        # Of a module in general, torch says that a call returns anything.
        def __call__(
            self, pred: Tensor, target: Tensor, *others: Tensor, weight: Tensor | None = None
        ) -> Tensor:
            """See ``forward``."""

    def per_row(self, *inputs: Tensor) -> Tensor:
        """Return the loss as the function does, neither weighted nor reduced."""
        if self.box_format != self.signature.box_format:
            pred, target, *others = inputs
            inputs = (self._converted(pred), self._converted(target), *others)
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

    def _converted(self, boxes: Tensor) -> Tensor:
        """Return boxes as the function takes them: as corners, or by centre and size."""
        corners = to_corners(boxes, self.box_format or "xyxy")
        return corners if self.signature.box_format == "xyxy" else cxcywh(corners)

    def _checked_format(self, box_format: BoxFormat | None) -> BoxFormat | None:
        name, native = self.signature.name, self.signature.box_format
        if box_format is None:
            return native
        if native is None:
            raise TypeError(f"{name} takes no boxes, so no box_format: got {box_format!r}")
        if box_format not in get_args(BoxFormat):
            wanted = ", ".join(get_args(BoxFormat))
            raise ValueError(f"{name}: box_format must be one of {wanted}: got {box_format!r}")
        return box_format

    def _checked_states(self, states: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        wanted = [each.name for each in self.signature.states]
        if sorted(states) != sorted(wanted):
            found = ", ".join(states) or "none"
            raise TypeError(
                f"{self.signature.name} has the states {', '.join(wanted) or 'none'}: got {found}"
            )
        return states

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
        # JSON knows lists alone.
        return {key: tuple(v) if isinstance(v, list) else v for key, v in options.items()}

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
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self.signature.name}: {error}") from error


def _kind(value: object) -> type:
    """Return the type, any number being a float to us and any list a tuple."""
    if isinstance(value, bool):
        return bool
    if isinstance(value, int | float):
        return float
    return tuple if isinstance(value, list) else type(value)


def _constructor(module: type[LossModule]) -> inspect.Signature:
    """Return how the class is called, for ``help``: its own parameters and the options."""
    own = [
        parameter
        for parameter in inspect.signature(module.__init__).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        and (parameter.name != "box_format" or module.signature.box_format)
        and parameter.name != "states"
    ]
    options = [
        parameter
        for parameter in inspect.signature(module.kernel).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    return inspect.Signature([*own, *options])
