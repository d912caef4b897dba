"""Matched images: both sides and what matching found, for whatever looks closer than AP does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matches import Matches
from boxgauge.frames import GroundTruths, Predictions


@dataclass(frozen=True, slots=True, eq=False)
class MatchedImages:
    """A batch of images after matching.

    Attributes:
        predictions: One side; row for row the detections of ``matches``.
        ground_truths: The other side of the same images, in the same order.
        matches: What became of both.
    """

    predictions: Predictions
    ground_truths: GroundTruths
    matches: Matches

    @property
    def partners(self) -> NDArray[np.int64]:
        """Row among the ground truths of what each detection took, or -1: int64 [d]."""
        first = np.repeat(self.ground_truths.offsets[:-1], self.matches.counts)
        return np.where(self.matches.partners >= 0, self.matches.partners + first, -1)

    def select(self, images: Sequence[int]) -> "MatchedImages":
        """Return the images at these positions, in this order."""
        return MatchedImages(
            self.predictions.take(images),
            self.ground_truths.take(images),
            self.matches.select(images),
        )


class Accumulator(Protocol):
    """Takes in matched images in batches; no result may depend on batching or order."""

    def add(self, images: MatchedImages) -> None:
        """Take in images that it has not seen."""
