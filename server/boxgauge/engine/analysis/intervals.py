"""Confidence intervals of COCO's statistics: bootstrap over images, delete-a-group jackknife."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.resampling import STATISTICS, Resampler, ResamplingTally
from boxgauge.engine.analysis.student import t_quantile
from boxgauge.engine.analysis.units import Clusters, Units, make_units
from boxgauge.engine.engine import Engine
from boxgauge.engine.settings import ObjectClass
from boxgauge.frames import FailedPreconditionError, InvalidInputError

JACKKNIFE_GROUPS = 32

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A statistic and how far chance may have moved it.

    Attributes:
        value: Of all images; None where undefined.
        low: Lower end; None where the value or too many replicates are undefined.
        high: Upper end.
        standard_error: Of the value.
        replicates: Resamples in which the statistic is defined.
    """

    value: float | None
    low: float | None
    high: float | None
    standard_error: float | None
    replicates: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of the 12 statistics, by name, and of each class's AP.

    Attributes:
        confidence: Share of such intervals that should contain the true value.
        units: Images, or clusters, that were resampled.
        replicates: Resamples that were computed.
    """

    confidence: float
    units: int
    replicates: int
    statistics: dict[str, Interval]
    class_ap: tuple[tuple[ObjectClass, Interval], ...]


def bootstrap(
    engine: Engine,
    tally: ResamplingTally,
    *,
    replicates: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    clusters: Clusters | None = None,
    progress: Callable[[int], None] | None = None,
) -> Intervals:
    """Return percentile intervals: images, or clusters, drawn with replacement.

    Args:
        engine: Holds the graph.
        tally: The images; the order in which they came does not matter.
        replicates: Resamples, at least 2; the ends of a 95% interval want some hundreds.
        confidence: In (0, 1).
        seed: The same seed gives the same intervals (with the same release of numpy).
        clusters: Key of the cluster of each image, such as its video or its camera and hour:
            neighbouring frames are not independent. By default each image is its own.
        progress: Told of how many more replicates are done.

    Raises:
        FailedPreconditionError: There are no images.
        InvalidInputError: An argument is out of its range, or an image has no cluster.

    References:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, Chapter 13.
    """
    check_request(replicates, confidence, seed)
    resampler, units = prepare(engine, tally, clusters)
    random = np.random.default_rng(seed)
    whole = resampler.statistics(np.ones(len(tally), dtype=np.int64))
    found = np.empty((replicates, len(whole)))
    for k in range(replicates):
        found[k] = resampler.statistics(units.drawn(random))
        if progress is not None:
            progress(1)

    def interval(value: float, drawn: Float64) -> Interval:
        low, high = percentiles(drawn, confidence)
        return Interval(value, low, high, float(drawn.std(ddof=1)), len(drawn))

    return _intervals(tally.classes, whole, found, interval, confidence, len(units))


def jackknife(
    engine: Engine,
    tally: ResamplingTally,
    *,
    groups: int = JACKKNIFE_GROUPS,
    confidence: float = 0.95,
    clusters: Clusters | None = None,
) -> Intervals:
    """Return intervals from leaving out one group of images at a time; no chance is involved.

    Groups follow from a hash of the cluster's key, or of the image id, so that an image is
    always in the same one. Ends are value ± t · standard error, with Student's t for one less
    degree of freedom than there are groups, cut to [0, 1].

    Args:
        engine: Holds the graph.
        tally: The images.
        groups: At least 2. Groups without images do not count.
        confidence: In (0, 1).
        clusters: As for `bootstrap`.

    Raises:
        FailedPreconditionError: There are no images.
        InvalidInputError: An argument is out of its range, or an image has no cluster.

    References:
        Kott, "The Delete-a-Group Jackknife", Journal of Official Statistics 17(4), 2001.
    """
    check_request(groups, confidence, 0, field="groups")
    resampler, units = prepare(engine, tally, clusters)
    group = units.groups(groups)
    occupied = np.unique(group)
    whole = resampler.statistics(np.ones(len(tally), dtype=np.int64))
    found = np.array([resampler.statistics((group != each).astype(np.int64)) for each in occupied])

    def interval(value: float, left: Float64) -> Interval:
        n = len(left)
        error = math.sqrt((n - 1) / n * float(np.square(left - left.mean()).sum()))
        reach = t_quantile((1 + confidence) / 2, n - 1) * error
        return Interval(value, max(value - reach, 0.0), min(value + reach, 1.0), error, n)

    return _intervals(tally.classes, whole, found, interval, confidence, len(units))


def percentiles(drawn: Float64, confidence: float) -> tuple[float, float]:
    """Return the two ends that leave equal shares of the values outside."""
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return low, high


def check_request(replicates: int, confidence: float, seed: int, field: str = "replicates") -> None:
    """Check what the caller asked for.

    Raises:
        InvalidInputError: Something is out of its range.
    """
    if replicates < 2:
        raise InvalidInputError.at(field, replicates, "at least 2")
    if not 0 < confidence < 1:
        raise InvalidInputError.at("confidence", confidence, "in (0, 1)")
    if seed < 0:
        raise InvalidInputError.at("seed", seed, "at least 0")


def prepare(
    engine: Engine, tally: ResamplingTally, clusters: Clusters | None
) -> tuple[Resampler, Units]:
    """Return what resamples the images of a tally, and what is drawn.

    Raises:
        FailedPreconditionError: There are no images.
        InvalidInputError: An image has no cluster.
    """
    matches = tally.matches()
    if matches is None:
        raise FailedPreconditionError("there are no images to resample", field="images", value=0)
    units = make_units(matches.image_ids, clusters)
    return Resampler(engine, tally.classes, tally.settings, matches), units


def _intervals(
    classes: tuple[ObjectClass, ...],
    whole: Float64,
    found: Float64,
    interval: Callable[[float, Float64], Interval],
    confidence: float,
    units: int,
) -> Intervals:
    """Return the interval of each column from the replicates that define it."""
    each = []
    for value, column in zip(whole.tolist(), found.T, strict=True):
        defined = column[~np.isnan(column)]
        if math.isnan(value) or len(defined) < 2:
            shown = None if math.isnan(value) else value
            each.append(Interval(shown, None, None, None, len(defined)))
        else:
            each.append(interval(value, defined))
    named, of_class = each[: len(STATISTICS)], each[len(STATISTICS) :]
    return Intervals(
        confidence,
        units,
        len(found),
        dict(zip(STATISTICS, named, strict=True)),
        tuple(zip(classes, of_class, strict=True)),
    )
