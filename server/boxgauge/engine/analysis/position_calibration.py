"""Calibration by where in the image a box lies: D-ECE over score and centre."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.bins import ScoreBins
from boxgauge.engine.analysis.outcomes import counted_rows
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.frames import ImageId, InvalidInputError

# Along each axis; and detections without which a cell says nothing.
BINS, LEAST = 8, 8

Int64 = NDArray[np.int64]


class PositionCalibrationTally:
    """Counts detections by where in the image they lie and by score bin: all classes in one.

    Args:
        engine: Holds the graphs.
        settings: As matched.
        image_sizes: Width and height of each image, pixels: frames do not carry them.
        bins: Of the score.
        position_bins: Of the centre, along each axis.
        score_threshold: Score from which on a detection counts.

    Raises:
        InvalidInputError: A number of bins is out of its range.
    """

    def __init__(
        self,
        engine: Engine,
        settings: EvaluationSettings,
        image_sizes: Mapping[ImageId, tuple[float, float]],
        *,
        bins: int = BINS,
        position_bins: int = BINS,
        score_threshold: float = 0.0,
    ) -> None:
        if not 0 < position_bins <= 100:
            raise InvalidInputError.at("position_bins", position_bins, "in [1, 100]")
        self.settings = settings
        self.score_threshold = score_threshold
        self._sizes = image_sizes
        self._along = position_bins
        self._bins = ScoreBins(engine, position_bins**2, bins)

    def add(self, images: MatchedImages) -> None:
        """Take in images that it has not seen.

        Raises:
            InvalidInputError: The size of an image is not known.
        """
        rows, _ = counted_rows(images, self.settings, self.score_threshold)
        group = self._cells(images)[rows]
        self._bins.counts += self._bins.count(images, self.settings, rows, group)

    def d_ece(self, *, least: int = LEAST) -> float | None:
        """Return D-ECE over score, x and y of the centre; None without detections.

        Args:
            least: Cells with fewer detections add nothing.
        """
        counts = self._bins.counts
        (whole,) = self._bins.calibrations(counts.reshape(1, -1, 4), least)
        return whole.d_ece

    def _cells(self, images: MatchedImages) -> Int64:
        ids = images.predictions.image_ids
        missing = next((each for each in ids if each not in self._sizes), None)
        if missing is not None:
            raise InvalidInputError.at(f"image_sizes[{missing!r}]", "nothing", "width and height")
        sizes = np.array([self._sizes[each] for each in ids], dtype=np.float64).reshape(-1, 2)
        boxes = images.predictions.boxes
        centre = (boxes[:, :2] + boxes[:, 2:] / 2) / sizes[images.predictions.image_index]
        # A centre outside the image belongs to the cell at its edge.
        place = np.clip(np.floor(centre * self._along), 0, self._along - 1).astype(np.int64)
        return place[:, 1] * self._along + place[:, 0]
