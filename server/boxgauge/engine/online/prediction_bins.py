"""The bins into which predictions are counted: the same on every machine."""

from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.class_places import class_places
from boxgauge.frames import Predictions

Int64 = NDArray[np.int64]
Unsigned = NDArray[np.unsignedinteger[Any]]
Float64 = NDArray[np.float64]

# Of clusters of images: a hash of the cluster's key says in which one it is.
GROUPS = 32
FEATURES = ("score", "size", "aspect", "count", "class")
SCORE, SIZE, ASPECT, COUNT, CLASS = range(5)

# Boxes without area, boxes below 1 px², then an octave of area, half an octave of size, each.
_AREA_OCTAVES = 26
_SIZE_BINS = 2 + _AREA_OCTAVES
_SIZE_EDGES = np.arange(_SIZE_BINS + 1) / 2 - 1
# Half octaves of w / h around 1, the last on either side without end.
_ASPECT_SIDE = 8
_ASPECT_BINS = 2 * _ASPECT_SIDE + 1
_ASPECT_EDGES = np.arange(_ASPECT_BINS + 1) / 2 - (_ASPECT_SIDE / 2 + 0.25)
_ROOT_2 = 1.4142135623730951
# One by one, then four bins an octave.
_COUNT_STARTS = np.concatenate(
    [np.arange(16), *(2**octave * np.arange(4, 8) // 4 for octave in range(4, 10)), [1024]]
)
# More than one over the least distance of two edges that are evenly spaced in the logit.
_CELLS = 2**14
_COUNT_EDGES = np.append(_COUNT_STARTS, 1280).astype(np.float64)


class Placed(NamedTuple):
    """The places at which detections and images count one; `PredictionBins.places` is none.

    Attributes:
        of_box: Of each detection, [detections, 5].
        of_image: Of each image, [images].
    """

    of_box: Unsigned
    of_image: Unsigned


@dataclass(frozen=True, eq=False)
class PredictionBins:
    """Where each count of a tally stands: a place for each group and bin, and class and score.

    Attributes:
        class_ids: Of the classes, ascending, int64 [classes].
        score_threshold: Score from which a detection counts in all but ``score``.
    """

    class_ids: Int64
    score_threshold: float

    @cached_property
    def score_starts(self) -> Float64:
        """Return the scores from which on the next bin begins; the threshold is one of them."""
        starts = _score_starts()
        return np.union1d(starts, [self.score_threshold]) if self.score_threshold > 0 else starts

    @cached_property
    def first_passing(self) -> int:
        """Return the first bin of scores that reach the threshold."""
        return int(np.searchsorted(self.score_starts, self.score_threshold, side="right"))

    def score_bins(self, scores: Float64) -> Int64:
        """Return the bin of each score.

        A table says it but for scores near an edge, which is compared; of these there are two
        at most in a cell of the table. That is four times as fast as a search.
        """
        starts = self._score_bounds
        at = np.clip(scores * _CELLS, 0, _CELLS - 1).astype(np.int64)
        bins = self._score_table[at]
        bins += scores >= starts[bins]
        bins += scores >= starts[bins]
        return bins

    @cached_property
    def edges(self) -> tuple[Float64, ...]:
        """Return the ends of the bins of each feature; class ids in the place of the last."""
        score = np.concatenate([[0.0], self.score_starts, [max(1.0, self.score_threshold)]])
        return score, _SIZE_EDGES, _ASPECT_EDGES, _COUNT_EDGES, self.class_ids.astype(np.float64)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Return how many bins each feature has."""
        *ordered, classes = self.edges
        return (*(len(each) - 1 for each in ordered), len(classes))

    @cached_property
    def firsts(self) -> tuple[int, ...]:
        """Return where each feature begins within a group."""
        return tuple(np.cumsum((0, *self.sizes[:-1])).tolist())

    @cached_property
    def width(self) -> int:
        """Return the places of a group."""
        return sum(self.sizes)

    @cached_property
    def places(self) -> int:
        """Return how many places there are."""
        return GROUPS * self.width + len(self.class_ids) * self.sizes[SCORE]

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Return the smallest type that holds a place and one more, which is none."""
        return np.dtype(np.uint16 if self.places < 2**16 else np.uint32)

    def places_of(self, predictions: Predictions, groups: Int64) -> Placed:
        """Return the places at which each detection and each image counts one.

        Args:
            predictions: Boxes and scores are finite.
            groups: Of each image, from 0 to 31.

        Raises:
            InvalidInputError: A label is no class.
        """
        scores, image = predictions.scores, predictions.image_index
        first = groups * self.width
        base = first[image]
        label = class_places(self.class_ids, predictions.labels)
        score = self.score_bins(scores)
        size, aspect = _shape_bins(predictions.boxes)
        passing = scores >= self.score_threshold

        found = np.empty((len(scores), 5), self.dtype)
        found[:, 0] = base + score
        found[:, 1] = np.where(passing, base + (self.firsts[SIZE] + size), self.places)
        found[:, 2] = np.where(
            passing & (aspect >= 0), base + (self.firsts[ASPECT] + aspect), self.places
        )
        found[:, 3] = np.where(passing, base + (self.firsts[CLASS] + label), self.places)
        found[:, 4] = GROUPS * self.width + label * self.sizes[SCORE] + score

        count = np.bincount(image[passing], minlength=len(predictions))
        of_count = np.searchsorted(_COUNT_STARTS, count, side="right") - 1
        of_image = first + self.firsts[COUNT] + of_count
        return Placed(found, of_image.astype(self.dtype))

    @cached_property
    def _score_bounds(self) -> Float64:
        return np.append(self.score_starts, np.inf)

    @cached_property
    def _score_table(self) -> Int64:
        return np.searchsorted(self.score_starts, np.arange(_CELLS) / _CELLS, side="right")


def _shape_bins(boxes: Float64) -> tuple[Int64, Int64]:
    """Return the bins of size and aspect, the latter -1 where a box has no area.

    `frexp` gives the octave without a logarithm, whose last bits differ between machines.
    """
    width, height = boxes[:, 2], boxes[:, 3]
    area = width * height
    has_area = area > 0
    octave = np.frexp(area)[1] - 1
    size = np.where(has_area, np.clip(octave + 2, 1, _SIZE_BINS - 1), 0)
    ratio = np.where(has_area, width, 1.0) / np.where(has_area, height, 1.0)
    # Twice the logarithm, half a step up: its whole part is the nearest half octave.
    halves = np.frexp(ratio * ratio * _ROOT_2)[1] - 1
    aspect = np.where(has_area, np.clip(halves + _ASPECT_SIDE, 0, _ASPECT_BINS - 1), -1)
    return size.astype(np.int64), aspect.astype(np.int64)


@cache
def _score_starts() -> Float64:
    """Return scores evenly spaced in the logit: by 1/4 from -4 to 4, by 1/2 out to 8."""
    exact = Context(prec=40)
    quarters = [*range(-32, -16, 2), *range(-16, 16), *range(16, 33, 2)]
    odds = [exact.exp(Decimal(k) / 4) for k in quarters]
    return np.array([float(exact.divide(each, each + 1)) for each in odds])
