"""The losses that a monitor is asked for, by their graphs, over matched pairs and scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.matched_losses import corner_pairs, whole_vectors
from boxgauge.engine.matches import FIXED_POINT
from boxgauge.frames import InvalidInputError, NotFoundError

# Lower ends of a loss's bins: fine where losses of boxes lie and where those of scores do.
LOSS_EDGES = np.array(
    [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05]
    + [k / 10 for k in range(1, 20)]
    + [2, 5, 10, 20, 50, 100, 200, 500, 1000],
    dtype=np.float64,
)
# What is kept of an image's values beside their bins, see `LossValues`.
LOSS_NUMBERS = 4
# From here on a sum in units of 2^-32 does not fit into 64 bits.
_TOO_LARGE = 2.0**31
# A score of 0 or 1 has no finite logit; `bce_loss` stops so far from them too.
_LEAST = 1e-7

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_CORNERS, _CENTRES = frozenset({"pred", "target"}), frozenset({"pred_cxcywh", "target_cxcywh"})
_PROBABILITIES, _LOGITS = frozenset({"prob", "target"}), frozenset({"logits", "target"})
_SHAPES = {_CORNERS: ("n", 4), _CENTRES: ("n", 4), _PROBABILITIES: ("n",), _LOGITS: ("n",)}


@dataclass(frozen=True, slots=True, eq=False)
class LossValues:
    """What the losses of each image add up to; integers, so that they can be taken back.

    Attributes:
        numbers: Of each image and loss the sum of its values in units of 2^-32, by its upper
            part and lower 32 bits; how many values; and how many more were not finite, beyond
            2^31, or of scores that are no probability: int64 [images, losses, 4].
        bins: How many values lie in each bin of `LOSS_EDGES`; what is below 0 is in the first:
            [images, losses, bins].
    """

    numbers: Int64
    bins: NDArray[np.unsignedinteger[Any]]

    def first_means(self) -> Float64:
        """Return each image's mean of the first loss; NaN without values or losses."""
        if not self.numbers.shape[1]:
            return np.full(len(self.numbers), np.nan)
        high, low, count, _ = self.numbers[:, 0].T.astype(np.float64)
        return np.where(count > 0, (high + low / FIXED_POINT) / np.maximum(count, 1), np.nan)


class LossGraphs:
    """Runs loss graphs over matched images.

    A loss that takes two boxes is of the pairs matched at the operating point, whatever their
    scores; one that takes a score and a target, of the detections that are right or wrong there.

    Args:
        engine: Holds the graphs.
        names: Of the losses.

    Raises:
        InvalidInputError: There is no such graph, or it is of something else than one pair of
            boxes or one score.
    """

    def __init__(self, engine: Engine, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._engine = engine
        self._inputs = [_inputs_of(engine, name) for name in names]

    def values(self, images: MatchedImages, outcomes: NDArray[np.uint8]) -> LossValues:
        """Return the values of all losses, by image; no bit of them depends on the batch.

        Args:
            images: Matched.
            outcomes: As `operating_outcomes` has them.
        """
        n = len(images.matches)
        numbers = np.zeros((n, len(self.names), LOSS_NUMBERS), np.int64)
        bins = np.zeros((n, len(self.names), len(LOSS_EDGES)), np.int64)
        if not self.names:
            return LossValues(numbers, bins.astype(np.uint8))
        image = np.repeat(np.arange(n), images.matches.counts)
        pairs, counted = np.flatnonzero(outcomes == 1), np.flatnonzero(outcomes != 2)
        corners = self._corners(images, pairs)
        scores = images.matches.scores[counted]
        is_probability = (scores >= 0) & (scores <= 1)
        probable = counted[is_probability]
        for k, (name, inputs) in enumerate(zip(self.names, self._inputs, strict=True)):
            if inputs in (_CORNERS, _CENTRES):
                rows, arrays = pairs, _boxes(corners, is_centres=inputs == _CENTRES)
            else:
                rows = probable
                hits = (outcomes[rows] == 1).astype(np.float32)
                arrays = _scores(images.matches.scores[rows], hits, is_logits=inputs == _LOGITS)
                impossible = image[counted[~is_probability]]
                numbers[:, k, 3] = np.bincount(impossible, minlength=n)
            if len(rows):
                found = self._engine.run(name, arrays)["loss"][: len(rows)]
                _sum_up(found.astype(np.float64), image[rows], numbers[:, k], bins[:, k])
        return LossValues(numbers, bins.astype(np.min_scalar_type(int(bins.max(initial=0)))))

    @staticmethod
    def _corners(images: MatchedImages, pairs: Int64) -> dict[str, NDArray[np.float32]]:
        truths = images.ground_truths.boxes[images.partners[pairs]]
        return corner_pairs(images.predictions.boxes[pairs], truths)


def _inputs_of(engine: Engine, name: str) -> frozenset[str]:
    """Return the names of the inputs of a loss, if it is one that can be run here."""
    wanted = "the name of a loss graph of single pairs of boxes or single scores"
    try:
        spec = engine.graph(name)
    except NotFoundError:
        raise InvalidInputError.at("losses", repr(name[:100]), wanted) from None
    inputs = frozenset(port.name for port in spec.inputs)
    shape = _SHAPES.get(inputs)
    fits = all(port.dtype == "float32" and port.shape == shape for port in spec.inputs)
    if shape is None or not fits or not spec.per_pair or spec.family != "loss":
        shown = ", ".join(f"{port.name} {list(port.shape)}" for port in spec.inputs)
        raise InvalidInputError.at("losses", f"{name!r}, which takes {shown}", wanted)
    return inputs


def _boxes(
    corners: dict[str, NDArray[np.float32]], *, is_centres: bool
) -> dict[str, NDArray[np.float32]]:
    if not is_centres:
        return {name: whole_vectors(each) for name, each in corners.items()}
    return {
        f"{name}_cxcywh": whole_vectors(
            np.concatenate([(each[:, :2] + each[:, 2:]) / 2, each[:, 2:] - each[:, :2]], axis=1)
        )
        for name, each in corners.items()
    }


def _scores(
    scores: Float64, hits: NDArray[np.float32], *, is_logits: bool
) -> dict[str, NDArray[np.float32]]:
    target = whole_vectors(hits)
    if not is_logits:
        return {"prob": whole_vectors(scores), "target": target}
    # Whole vectors here too, for numpy's own logarithms.
    padded = np.full(len(target), 0.5)
    padded[: len(scores)] = np.clip(scores, _LEAST, 1 - _LEAST)
    logits = np.log(padded) - np.log1p(-padded)
    return {"logits": logits.astype(np.float32), "target": target}


def _sum_up(losses: Float64, image: Int64, numbers: Int64, bins: Int64) -> None:
    """Add the losses of rows to the numbers and bins of their images."""
    usable = np.abs(losses) < _TOO_LARGE
    values, of = losses[usable], image[usable]
    units = np.rint(values * FIXED_POINT).astype(np.int64)
    np.add.at(numbers[:, 0], of, units >> 32)
    np.add.at(numbers[:, 1], of, units & 0xFFFFFFFF)
    n, width = bins.shape
    numbers[:, 2] += np.bincount(of, minlength=n)
    numbers[:, 3] += np.bincount(image[~usable], minlength=n)
    place = np.maximum(np.searchsorted(LOSS_EDGES, values, side="right") - 1, 0)
    bins += np.bincount(of * width + place, minlength=n * width).reshape(n, width)
