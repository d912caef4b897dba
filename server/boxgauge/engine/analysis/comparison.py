"""Paired comparison of two models on the same images: difference, interval and p-value."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.intervals import check_request, percentiles
from boxgauge.engine.analysis.resampling import STATISTICS, Resampler, ResamplingTally
from boxgauge.engine.analysis.units import Clusters, make_units
from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import Matches
from boxgauge.engine.settings import ObjectClass
from boxgauge.frames import FailedPreconditionError, InvalidInputError

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """One statistic of two models.

    Attributes:
        a: Of the first model; None where undefined.
        b: Of the second.
        difference: b - a; exactly 0 for equal models.
        low: Lower end of its interval (paired bootstrap, percentiles).
        high: Upper end.
        p_value: Chance of a difference at least as large if it did not matter which model
            saw which image (swap test); 1 for equal models.
    """

    a: float | None
    b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences of the 12 statistics, by name, and of each class's AP.

    Attributes:
        confidence: Of the intervals.
        units: Images, or clusters, that were resampled.
        replicates: Resamples of each of the two kinds.
    """

    confidence: float
    units: int
    replicates: int
    statistics: dict[str, Difference]
    class_ap: tuple[tuple[ObjectClass, Difference], ...]


def compare(
    engine: Engine,
    a: ResamplingTally,
    b: ResamplingTally,
    *,
    replicates: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    clusters: Clusters | None = None,
    progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Return how b differs from a.

    Intervals come from drawing images with replacement, the same ones for both models. The
    p-value comes from swapping the models' detections image by image with even chances: if
    it does not matter which model saw an image, every swap is as likely as what was seen, so
    that the test is exact at any number of images (a bootstrap only approaches that).

    Args:
        engine: Holds the graph.
        a: One model's matches.
        b: The other's: the same images, ground truth, classes and settings.
        replicates: Resamples of each kind, at least 2. The smallest p-value is one over one more.
        confidence: In (0, 1).
        seed: The same seed gives the same answer (with the same release of numpy).
        clusters: Key of the cluster of each image; clusters are drawn and swapped as one.
        progress: Told of how many more replicates are done.

    Raises:
        FailedPreconditionError: There are no images.
        InvalidInputError: The two differ in images, ground truth, classes or settings; an
            argument is out of its range; an image has no cluster.

    References:
        Edgington and Onghena, "Randomization Tests", 2007; Phipson and Smyth, "Permutation
        P-values Should Never Be Zero", 2010 (the one that is added to both counts).
    """
    check_request(replicates, confidence, seed)
    both = _side_by_side(a, b)
    images = len(both) // 2
    units = make_units(both.image_ids[::2], clusters)
    resampler = Resampler(engine, a.classes, a.settings, both)
    random = np.random.default_rng(seed)

    def statistics(of_a: NDArray[np.int64], of_b: NDArray[np.int64]) -> Float64:
        return resampler.statistics(np.stack([of_a, of_b], axis=1).reshape(-1))

    one, none = np.ones(images, np.int64), np.zeros(images, np.int64)
    seen = np.stack([statistics(one, none), statistics(none, one)])
    drawn, swapped = np.empty((2, replicates, seen.shape[1]))
    for k in range(replicates):
        weights, coins = units.drawn(random), units.coins(random)
        drawn[k] = statistics(none, weights) - statistics(weights, none)
        swapped[k] = statistics(coins, 1 - coins) - statistics(1 - coins, coins)
        if progress is not None:
            progress(1)

    each = [
        _difference(of_a, of_b, drawn[:, k], swapped[:, k], confidence)
        for k, (of_a, of_b) in enumerate(seen.T.tolist())
    ]
    named, of_class = each[: len(STATISTICS)], each[len(STATISTICS) :]
    return Comparison(
        confidence,
        len(units),
        replicates,
        dict(zip(STATISTICS, named, strict=True)),
        tuple(zip(a.classes, of_class, strict=True)),
    )


def _side_by_side(a: ResamplingTally, b: ResamplingTally) -> Matches:
    """Return each image twice, as a and as b saw it: a weight says which of the two counts.

    Raises:
        FailedPreconditionError: There are no images.
        InvalidInputError: The two differ in images, ground truth, classes or settings.
    """
    if (a.classes, a.settings) != (b.classes, b.settings):
        raise InvalidInputError.at("b", "others", "of the same classes and settings as a")
    left, right = a.matches(), b.matches()
    if left is None and right is None:
        raise FailedPreconditionError("there are no images to compare", field="images", value=0)
    if left is None or right is None or left.image_ids != right.image_ids:
        raise InvalidInputError.at("b", f"{len(b)} images", f"of the {len(a)} images of a")
    for name in ("truth_counts", "truth_labels", "truth_counted"):
        if not np.array_equal(getattr(left, name), getattr(right, name)):
            raise InvalidInputError.at(f"b.{name}", "others", "those of a")
    images = np.arange(len(left))
    order = np.stack([images, images + len(left)], axis=1).reshape(-1)
    return Matches.concatenate([left, right]).select(order)


def _difference(
    a: float, b: float, drawn: Float64, swapped: Float64, confidence: float
) -> Difference:
    shown_a, shown_b = (None if math.isnan(each) else each for each in (a, b))
    seen, defined = b - a, drawn[~np.isnan(drawn)]
    if math.isnan(seen) or len(defined) < 2:
        shown = None if math.isnan(seen) else seen
        return Difference(shown_a, shown_b, shown, None, None, None)
    low, high = percentiles(defined, confidence)
    # A swap leaves the ground truth alone: what is defined stays so.
    as_large = int((np.abs(swapped) >= abs(seen)).sum())
    p_value = (1 + as_large) / (1 + len(swapped))
    return Difference(shown_a, shown_b, seen, low, high, p_value)
