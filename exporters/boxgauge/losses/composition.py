"""A total loss from a description: named, weighted terms that share tensors."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor, nn

from boxgauge.losses.term_loss import TermLoss, Use
from boxgauge.losses.terms import DescriptionError, Term, located, refuse_unknown
from boxgauge.losses.total import TotalLoss, total_loss

Weighting = Literal["fixed", "uncertainty"]
LOG_VARIANCES = "log_variances"


class Composition(nn.Module):
    r"""The weighted sum of the losses that its terms name.

    .. math:: L = \sum_i \lambda_i L_i \quad\text{or}\quad \sum_i \lambda_i e^{-s_i} L_i + s_i

    Args:
        terms: At least one, each with its own name.
        name: Of the whole; the name of its graph.
        weighting: ``"fixed"``: by the weights of the terms alone. ``"uncertainty"``: with
            learnt log variances too, as in :func:`boxgauge.losses.total_loss`; they are the
            parameter ``log_variances``, zeros at first: hand it to the optimizer.

    Attributes:
        terms: As given.
        inputs: Names of the tensors it takes, each once, in order of appearance.

    Raises:
        DescriptionError: A field is wrong; says which, what was found and what was wanted.
    """

    def __init__(
        self, terms: Sequence[Term], *, name: str = "composition", weighting: Weighting = "fixed"
    ) -> None:
        super().__init__()
        if not (isinstance(name, str) and name.isidentifier()):
            raise DescriptionError(f"name must be an identifier: got {name!r}")
        if weighting not in get_args(Weighting):
            wanted = ", ".join(get_args(Weighting))
            raise DescriptionError(f"weighting must be one of {wanted}: got {weighting!r}")
        self.name, self.terms, self.weighting = name, tuple(terms), weighting

        _check_names(self.terms)
        parts = []
        for position, term in enumerate(self.terms):
            with located(f"terms[{position}]"):
                parts.append(TermLoss(term))
        self.parts = nn.ModuleList(parts)
        self.uses: tuple[tuple[Use, ...], ...] = tuple(part.uses for part in parts)
        self.inputs = tuple(dict.fromkeys(use.tensor for uses in self.uses for use in uses))
        _check_sharing(self.terms, self.uses)

        self.log_variances: nn.Parameter | None = (
            nn.Parameter(torch.zeros(len(parts))) if weighting == "uncertainty" else None
        )

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> "Composition":
        """Return the composition that a mapping of plain values describes, as JSON holds it.

        ``{"name": "detector", "weighting": "fixed", "terms": [{"loss": "focal_loss"}]}``; a
        term has the attributes of :class:`Term`, the rest may be left out.

        Raises:
            DescriptionError: As for the class.
        """
        refuse_unknown(description, ["name", "weighting", "terms"])
        terms = description.get("terms")
        if not isinstance(terms, Sequence) or isinstance(terms, str):
            raise DescriptionError(f"terms must be a list: got {terms!r}")
        read = []
        for position, content in enumerate(terms):
            with located(f"terms[{position}]"):
                read.append(Term.from_mapping(content))
        settings = {key: value for key, value in description.items() if key != "terms"}
        return cls(read, **settings)

    def to_description(self) -> dict[str, Any]:
        """Return the description, every default written out."""
        terms = [term.to_mapping() for term in self.terms]
        return {"name": self.name, "weighting": self.weighting, "terms": terms}

    def forward(self, **tensors: Tensor) -> TotalLoss:
        """Return the total loss and its unweighted terms.

        Args:
            tensors: Exactly those of ``inputs``, by name.

        Raises:
            TypeError: One is missing, or is not of this composition.
        """
        return self.evaluate(tensors, self.log_variances)

    if TYPE_CHECKING:
        # Of a module in general, torch says that a call returns anything.
        def __call__(self, **tensors: Tensor) -> TotalLoss:
            """See ``forward``."""

    def evaluate(self, tensors: Mapping[str, Tensor], log_variances: Tensor | None) -> TotalLoss:
        """Return what the call does, with log variances from outside."""
        if tensors.keys() != set(self.inputs):
            found = ", ".join(tensors) or "none"
            raise TypeError(f"{self.name} takes {', '.join(self.inputs)}: got {found}")
        reduced = {
            term.name: part(tensors) for term, part in zip(self.terms, self.parts, strict=True)
        }
        weights = {term.name: term.weight for term in self.terms}
        return total_loss(reduced, weights, log_variances)

    def extra_repr(self) -> str:
        """Return name, weighting and weights, for ``repr``."""
        weights = " + ".join(f"{term.weight:g} × {term.name}" for term in self.terms)
        return f"{self.name!r}, weighting={self.weighting!r}: {weights}"


def _check_names(terms: tuple[Term, ...]) -> None:
    if not terms:
        raise DescriptionError("terms must name at least one loss: got none")
    names = [term.name for term in terms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DescriptionError(f"terms must have different names: got {', '.join(twice)} twice")


def _check_sharing(terms: tuple[Term, ...], uses: tuple[tuple[Use, ...], ...]) -> None:
    """Refuse a name for two things: it would be found out only by what comes out wrong."""
    reserved = {"loss", LOG_VARIANCES, *(term.name for term in terms)}
    first: dict[str, tuple[str, Use]] = {}
    for term, used in zip(terms, uses, strict=True):
        for use in used:
            if use.tensor in reserved:
                raise DescriptionError(f"{use.tensor} is both a tensor's name and a result's")
            owner, known = first.setdefault(use.tensor, (term.name, use))
            if use.kind != known.kind:
                raise DescriptionError(
                    f"{use.tensor} is {known.kind} to {owner} and {use.kind} to {term.name}:"
                    f" rename one by inputs"
                )
