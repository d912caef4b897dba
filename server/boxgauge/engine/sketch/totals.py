"""What a sketch keeps of all its images together, exactly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matches import SUMS


@dataclass(frozen=True, slots=True, eq=False)
class SketchTotals:
    """Sums over images, all integers.

    Attributes:
        images: How many.
        true_positives: At the operating point.
        false_positives: Likewise.
        outside: Evaluated scores that are NaN or outside [0, 1].
        positives: Ground truths to be found, int64 [classes, areas].
        sums: As in `ImageSums`.
    """

    images: int
    true_positives: int
    false_positives: int
    outside: int
    positives: NDArray[np.int64]
    sums: tuple[int, ...]

    @classmethod
    def empty(cls, classes: int, areas: int) -> "SketchTotals":
        """Return the sums over no images."""
        return cls(0, 0, 0, 0, np.zeros((classes, areas), np.int64), (0,) * SUMS)

    def plus(self, other: "SketchTotals", sign: int = 1) -> "SketchTotals":
        """Return the sum, or with -1 the difference."""
        return SketchTotals(
            self.images + sign * other.images,
            self.true_positives + sign * other.true_positives,
            self.false_positives + sign * other.false_positives,
            self.outside + sign * other.outside,
            self.positives + sign * other.positives,
            tuple(a + sign * b for a, b in zip(self.sums, other.sums, strict=True)),
        )

    def is_possible(self) -> bool:
        """Say whether no count and no sum is below 0."""
        numbers = (self.images, self.true_positives, self.false_positives, self.outside)
        return min(*numbers, *self.sums, int(self.positives.min())) >= 0
