"""What the losses of a ranking share: its positives in order, and the sums over its pairs."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.losses.ramp_sums import Pieces, Ramps, make_ramps
from boxgauge.losses.ranges import refuse_outside


class Ranking(NamedTuple):
    """The positives of a batch by ascending score, and every row among their ramps."""

    positives: Int[Tensor, "p"]
    """Their rows."""
    scores: Float[Tensor, "p"]
    """Their scores, float64."""
    ramps: Ramps
    rows: Pieces
    """All rows of the batch."""
    is_negative: Float[Tensor, "n"]
    """1 for a negative, 0 for any other row."""

    def of_positives(self, values: Float[Tensor, "n"]) -> Float[Tensor, "p"]:
        """Return the values of the positives, in float64."""
        return torch.gather(values, 0, self.positives).double()

    def false_above(self) -> Float[Tensor, "p"]:
        """Return how many negatives are ranked above each positive."""
        return self.ramps.sum_above(self.rows, self.is_negative)

    def true_above(self, weight: Float[Tensor, "p"]) -> Float[Tensor, "p"]:
        """Return the weight of the positives above each, with half of its own: H(0) = 1/2."""
        return self.ramps.sum_above(self._positive_pieces(), weight)

    def true_below(self, share: Float[Tensor, "p"]) -> Float[Tensor, "p"]:
        """Return the share of the positives below each, with half of its own."""
        return self.ramps.sum_below(self._positive_pieces(), share)

    def update(
        self, share: Float[Tensor, "p"], of_positives: Float[Tensor, "p"]
    ) -> Float[Tensor, "n"]:
        """Return each negative's sum of share_i H(s - s_i), and what the positives are given."""
        of_negatives = self.is_negative * self.ramps.sum_below(self.rows, share)
        return of_negatives.scatter(0, self.positives, of_positives)

    def spread(self, values: Float[Tensor, "p"]) -> Float[Tensor, "n"]:
        """Return the positives' values in their rows, 0 in all others."""
        return torch.zeros_like(self.is_negative).scatter(0, self.positives, values)

    def _positive_pieces(self) -> Pieces:
        knot, offset = (torch.gather(part, 0, self.positives) for part in self.rows)
        return Pieces(knot, offset)


def rank(
    logits: Float[Tensor, "n"],
    positive: Bool[Tensor, "n"],
    negative: Bool[Tensor, "n"],
    delta: float,
) -> Ranking:
    """Return the ranking of ``logits``, outside of differentiation.

    Raises:
        ValueError: ``delta`` is out of range.
    """
    refuse_outside("[1e-6, 1e6]", delta=delta)
    scores = logits.detach().double()
    rows = torch.nonzero(positive).squeeze(1)
    ascending, order = torch.gather(scores, 0, rows).sort()
    ramps = make_ramps(ascending, delta)
    return Ranking(
        torch.gather(rows, 0, order), ascending, ramps, ramps.locate(scores), negative.double()
    )
