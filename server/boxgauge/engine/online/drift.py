"""Whether predictions come from the distribution that they used to come from."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.online.f_distribution import f_tail
from boxgauge.engine.online.predicted import Drift, DriftFeature
from boxgauge.engine.online.prediction_bins import CLASS, COUNT, FEATURES, GROUPS, Int64
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.frames import InvalidInputError

DISTANCES, DIFFERENCE = "distribution_distances", "clustered_difference"
# With fewer the false alarms are more than asked for (docs/drift.md has the figures).
MIN_IMAGES, MIN_GROUPS = 50, 16
# Classes of which chance puts fewer into the smaller side are one in the test.
_RARE = 5.0


def drift(
    engine: Engine, reference: PredictionTally, current: PredictionTally, level: float
) -> Drift:
    """Return how the current predictions differ from the reference's.

    Args:
        engine: Holds the graphs.
        reference: Predictions of a time when all was well.
        current: Of now; no images of the reference.
        level: Chance that at least one feature is said to have drifted where none has.

    Returns:
        A feature without detections on either side is left out.

    Raises:
        InvalidInputError: The tallies have other classes or settings, or the level is not in
            (0, 1).
    """
    if (reference.classes, reference.settings) != (current.classes, current.settings):
        raise InvalidInputError.at("tally", "others", "of the same classes and settings")
    if not 0 < level < 1:
        raise InvalidInputError.at("level", level, "in (0, 1)")
    images = reference.images, current.images
    reason = _too_few("the reference", reference) or _too_few(
        "what is held against the reference", current
    )
    if reason:
        return Drift((), *images, reason)
    pairs = [_Pair.of(k, reference, current) for k in range(len(FEATURES))]
    there = [each for each in pairs if each.reference.any() and each.current.any()]
    distances = _distances(engine, there)
    p_values = _p_values(engine, there)
    drifted = _holm(p_values, level)
    features = tuple(map(_feature, there, distances, p_values, drifted))
    return Drift(features, *images)


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Both sides of a feature.

    Attributes:
        feature: Its place in `FEATURES`.
        edges: Ends of its bins, or class ids.
        reference: Counts, int64 [groups, bins].
        current: Likewise.
    """

    feature: int
    edges: NDArray[np.float64]
    reference: Int64
    current: Int64

    @classmethod
    def of(cls, feature: int, reference: PredictionTally, current: PredictionTally) -> "_Pair":
        edges = reference.bins.edges[feature]
        return cls(feature, edges, reference.histograms(feature), current.histograms(feature))

    @property
    def is_ordered(self) -> bool:
        return self.feature != CLASS

    @property
    def widths(self) -> NDArray[np.float64]:
        """Of the bins; 0 where they have none."""
        return np.diff(self.edges) if self.is_ordered else np.zeros(len(self.edges))

    def without_rare(self) -> "_Pair":
        """Return the pair with all rare classes as one."""
        if self.is_ordered:
            return self
        total = self.reference.sum(0) + self.current.sum(0)
        rare = total * min(self.reference.sum(), self.current.sum()) < _RARE * total.sum()
        p, q = (
            np.concatenate([each[:, ~rare], each[:, rare].sum(1, keepdims=True)], axis=1)
            for each in (self.reference, self.current)
        )
        return replace(self, reference=p, current=q)


def _feature(
    pair: _Pair, distances: dict[str, float], p_value: float, drifted: bool
) -> DriftFeature:
    p, q = pair.reference.sum(0), pair.current.sum(0)
    return DriftFeature(
        name=FEATURES[pair.feature],
        psi=distances["psi"],
        ks=distances["ks"] if pair.is_ordered else None,
        wasserstein=distances["wasserstein"] if pair.is_ordered else None,
        jensen_shannon=distances["jensen_shannon"],
        p_value=p_value,
        drifted=drifted,
        edges=pair.edges,
        reference=p / p.sum(),
        current=q / q.sum(),
    )


def _too_few(side: str, tally: PredictionTally) -> str:
    """Return why nothing can be said of a side, if so."""
    images = tally.images
    if images < MIN_IMAGES:
        return f"{side} has {images} images: at least {MIN_IMAGES} are wanted"
    groups = int(tally.histograms(COUNT).any(1).sum())
    if groups < MIN_GROUPS:
        return (
            f"{side} has images in {groups} of {GROUPS} groups of clusters: at least "
            f"{MIN_GROUPS} are wanted"
        )
    return ""


def _distances(engine: Engine, pairs: list[_Pair]) -> list[dict[str, float]]:
    """Return the distances of each pair by name."""
    found = engine.run(
        DISTANCES,
        {
            "reference": _padded([each.reference.sum(0) for each in pairs]),
            "current": _padded([each.current.sum(0) for each in pairs]),
            "widths": _padded([each.widths for each in pairs]),
        },
    )
    return [{name: float(found[name][k]) for name in found} for k in range(len(pairs))]


def _p_values(engine: Engine, pairs: list[_Pair]) -> list[float]:
    """Return how likely each feature's difference, or more, is without drift."""
    tested = [each.without_rare() for each in pairs]
    found = engine.run(
        DIFFERENCE,
        {
            "reference": _padded([each.reference for each in tested]),
            "current": _padded([each.current for each in tested]),
            "ordered": np.array([each.is_ordered for each in tested]),
        },
    )
    columns = (found[name].tolist() for name in ("ratio", "numerator", "denominator", "defined"))
    return [
        f_tail(ratio, numerator, denominator) if defined else _without_chance(pair)
        for pair, ratio, numerator, denominator, defined in zip(tested, *columns, strict=True)
    ]


def _without_chance(pair: "_Pair") -> float:
    """Return the p-value where no group of clusters differs from the others, on either side.

    Chance then has no part in what is seen, as of a detector that says one thing only: any
    difference is one, and none is none.
    """
    before, now = pair.reference.sum(0), pair.current.sum(0)
    is_same = (before * int(now.sum()) == now * int(before.sum())).all()
    return 1.0 if is_same else 0.0


def _padded(rows: list[NDArray[Any]]) -> NDArray[Any]:
    """Return the rows as one array, zeros behind the shorter ones."""
    most = max(each.shape[-1] for each in rows)
    blank = [(0, 0)] * (rows[0].ndim - 1)
    return np.stack([np.pad(each, [*blank, (0, most - each.shape[-1])]) for each in rows])


def _holm(p_values: list[float], level: float) -> list[bool]:
    """Return which hypotheses Holm's procedure rejects."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    rejected = [False] * len(p_values)
    for k, place in enumerate(order):
        if p_values[place] * (len(p_values) - k) > level:
            break
        rejected[place] = True
    return rejected
