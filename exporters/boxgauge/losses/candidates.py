"""Scored rows and their labels, as the soft losses of a ranking read them."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired


class Candidates(NamedTuple):
    """Logits with their labels as masks; a label other than 0 and 1 is in neither mask."""

    logits: Float[Tensor, "n"]
    positive: Float[Tensor, "n"]
    """1 for a positive, else 0."""
    counted: Float[Tensor, "n"]
    """1 for a positive or a negative, 0 for an ignored row."""


def candidates(logits: Tensor, target: Tensor) -> Candidates:
    """Return the rows in float32 or wider.

    Raises:
        ValueError: The shapes differ.
    """
    logits, target = paired(logits, target, "n")
    positive = (target == 1).to(logits.dtype)
    return Candidates(logits, positive, positive + (target == 0).to(logits.dtype))
