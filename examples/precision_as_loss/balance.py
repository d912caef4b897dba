"""How much the box term weighs beside the classification term."""

import math
from typing import Protocol

_EPS = 1e-6  # floors a box term that a weight is divided by
_FIRST_EPOCH = 50.0  # aLRP's published code, before there is an epoch to look back on


class Balance(Protocol):
    """Says what the box term is multiplied by."""

    def weight(self, classification: float, box: float) -> float:
        """Return the factor of a step with these two terms."""

    def end_epoch(self) -> None:
        """Take note that an epoch is over."""


class Fixed:
    """The same weight at every step."""

    def __init__(self, weight: float) -> None:
        self._weight = weight

    def weight(self, classification: float, box: float) -> float:
        """Return the weight."""
        return self._weight

    def end_epoch(self) -> None:
        """Change nothing."""


class StepByStep:
    """The box term comes to as much as the classification term, as Rank & Sort's paper has it."""

    def weight(self, classification: float, box: float) -> float:
        """Return the ratio of the two terms."""
        return classification / max(box, _EPS)

    def end_epoch(self) -> None:
        """Change nothing."""


class EpochByEpoch:
    """aLRP's own: the mean of the whole loss over that of its box part, of the last epoch."""

    def __init__(self) -> None:
        self._weight = _FIRST_EPOCH
        self._classification: list[float] = []
        self._box: list[float] = []

    def weight(self, classification: float, box: float) -> float:
        """Return the ratio of the epoch before."""
        self._classification.append(classification)
        self._box.append(box)
        return self._weight

    def end_epoch(self) -> None:
        """Take the ratio of the epoch that is over."""
        box = max(math.fsum(self._box), _EPS)
        self._weight = (math.fsum(self._classification) + box) / box
        self._classification, self._box = [], []
