"""A term brought together with its loss: which tensors it reads, and its reduced value."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from boxgauge.losses.boxes import at_least_float32
from boxgauge.losses.module import LossModule
from boxgauge.losses.reduction import reduce
from boxgauge.losses.registry import loss_modules
from boxgauge.losses.signature import Signature
from boxgauge.losses.terms import DescriptionError, Term

WEIGHT = "weight"


class Use(NamedTuple):
    """A tensor of a composition, as one term reads it."""

    tensor: str
    parameter: str
    kind: str
    """Rank, fixed sizes and format in words; terms that share a tensor agree on it."""


class TermLoss(nn.Module):
    """The loss that a term names, with the term's options.

    Attributes:
        term: What was described.
        loss: The loss as a module, not yet reduced.
        uses: The tensors it reads, those of the function in its order.

    Raises:
        DescriptionError: There is no such loss, or it has no such tensor or reduction.
        TypeError, ValueError: An option is wrong.
    """

    def __init__(self, term: Term) -> None:
        super().__init__()
        known = loss_modules()
        if term.loss not in known:
            wanted = ", ".join(sorted(known))
            raise DescriptionError(f"loss must be one of {wanted}: got {term.loss!r}")
        signature = known[term.loss].signature
        _check(term, signature)
        self.term = term
        self.loss: LossModule = known[term.loss](
            reduction="none", box_format=term.box_format, states=None, **term.options
        )
        self.uses = tuple(_uses(term, signature, self.loss.box_format))

    def forward(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Return the reduced term, shape [1], from the tensors of the composition."""
        given = {use.parameter: tensors[use.tensor] for use in self.uses}
        weight = given.pop(WEIGHT, None)
        loss = self.loss(*given.values(), weight=weight)
        if self.term.reduction != "positives":
            return reduce(loss, self.term.reduction)
        labels = at_least_float32(given[self.loss.signature.inputs[1].name])
        return reduce(loss, "sum") / (labels > 0).to(labels.dtype).sum().clamp(min=1.0)


def _check(term: Term, signature: Signature) -> None:
    if signature.states:
        raise DescriptionError(
            "loss must have no running state, which a composition does not carry:"
            f" got {term.loss!r}"
        )
    parameters = [*(each.name for each in signature.inputs), WEIGHT]
    unknown = sorted(term.inputs.keys() - set(parameters))
    if unknown:
        raise DescriptionError(
            f"inputs: {term.loss} takes no {', '.join(unknown)}; it takes {', '.join(parameters)}"
        )
    labels = signature.inputs[1]
    has_labels = labels.axes == signature.loss_axes and not labels.is_integer
    if term.reduction == "positives" and not has_labels:
        raise DescriptionError(
            f'reduction "positives" needs a label for each value of the loss: {term.loss} has none'
        )


def _uses(term: Term, signature: Signature, box_format: str | None) -> list[Use]:
    uses = []
    for position, each in enumerate(signature.inputs):
        kind = _kind(each.axes) + (" of integers" if each.is_integer else "")
        if box_format is not None and position < 2:
            kind += f" {box_format}"
        uses.append(Use(term.inputs.get(each.name, each.name), each.name, kind))
    if WEIGHT in term.inputs:
        uses.append(Use(term.inputs[WEIGHT], WEIGHT, _kind(signature.loss_axes)))
    return uses


def _kind(axes: tuple[str, ...]) -> str:
    return f"[{', '.join(axis if axis.isdecimal() else 'n' for axis in axes)}]"
