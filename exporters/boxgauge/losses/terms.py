"""One term of a composition, and how it is read from a mapping."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from boxgauge.losses.boxes import BoxFormat
from boxgauge.losses.ranges import refuse_outside
from boxgauge.losses.signature import Option

TermReduction = Literal["mean", "sum", "positives"]


class DescriptionError(ValueError):
    """A description of a composition that cannot be; says where, what was found and wanted."""


@dataclass(frozen=True)
class Term:
    """What one term of a total loss is.

    Attributes:
        loss: The function, by name: ``giou_loss``.
        name: Of the term, unique in its composition; by default that of the loss.
        weight: Its factor, in [0, 1e6].
        options: Of the function, by name.
        inputs: Names of tensors of the composition for the function's own, where they are
            not the same: ``{"target": "true_boxes"}``. Terms that say the same name share
            the tensor. ``"weight"`` names factors of the single values.
        reduction: ``"mean"``: over the values, at least 1; ``"sum"``; ``"positives"``: the
            sum divided by how many labels are above 0, at least 1, as RetinaNet does, for
            losses with a label for each value.
        box_format: How the boxes are written, ``"xyxy"``, ``"cxcywh"`` or ``"xywh"``; by
            default as the function takes them.

    Raises:
        DescriptionError: An attribute is not of its type or range; named, with what was found.
    """

    loss: str
    name: str = ""
    weight: float = 1.0
    options: Mapping[str, Option] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    reduction: TermReduction = "mean"
    box_format: BoxFormat | None = None

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.loss)
        for attribute in ("loss", "name"):
            _identifier(attribute, getattr(self, attribute))
        try:
            refuse_outside("[0, 1e6]", weight=self.weight)
        except (TypeError, ValueError) as error:
            raise DescriptionError(str(error)) from error
        for attribute in ("options", "inputs"):
            if not isinstance(getattr(self, attribute), Mapping):
                raise DescriptionError(
                    f"{attribute} must be a mapping: got {getattr(self, attribute)!r}"
                )
        for parameter, tensor in self.inputs.items():
            _identifier(f"inputs.{parameter}", tensor)
        if self.reduction not in get_args(TermReduction):
            wanted = ", ".join(get_args(TermReduction))
            raise DescriptionError(f"reduction must be one of {wanted}: got {self.reduction!r}")

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> "Term":
        """Return the term that a mapping of these attributes describes."""
        refuse_unknown(content, [each.name for each in fields(cls)])
        if "loss" not in content:
            raise DescriptionError("loss is missing")
        return cls(**content)

    def to_mapping(self) -> dict[str, Any]:
        """Return the mapping that describes this term, all of it written out."""
        return asdict(self)


@contextmanager
def located(place: str) -> Iterator[None]:
    """Let the errors of the block say that they are about ``place``."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise DescriptionError(f"{place}: {error}") from error


def refuse_unknown(content: object, known: list[str]) -> None:
    """Raise DescriptionError unless ``content`` is a mapping whose keys are all known."""
    if not isinstance(content, Mapping):
        raise DescriptionError(f"a mapping is wanted: got {content!r}")
    unknown = [str(key) for key in content if key not in known]
    if unknown:
        there = ", ".join(known)
        raise DescriptionError(f"there is no field {', '.join(unknown)}; there are {there}")


def _identifier(attribute: str, value: object) -> None:
    if not isinstance(value, str) or not value.isidentifier():
        raise DescriptionError(f"{attribute} must be an identifier: got {value!r}")
