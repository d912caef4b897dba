"""What the matching graph found, as one outcome for every detection."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matches import pack_patterns
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import AreaRange, EvaluationSettings

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """The outcome of each detection.

    Attributes:
        codes: Row of ``patterns`` for each, [d].
        patterns: Outcomes over area ranges and thresholds, packed, [p].
        partner: Row of the ground truth that it took at the operating point, or -1, [d].
        hit: It is a true positive there, [d].
        ignored: It counts neither way there, [d].
    """

    codes: Int64
    patterns: NDArray[np.bytes_]
    partner: Int64
    hit: Bool
    ignored: Bool


def outcomes(
    found: Mapping[str, NDArray[Any]],
    rows: Int64,
    areas: Float64,
    truth_ids: Int64,
    settings: EvaluationSettings,
) -> Outcomes:
    """Return the outcomes of all detections of a run.

    Args:
        found: What the graph returned.
        rows: The detections that it was given.
        areas: Area of each detection, of those as well that it was not given.
        truth_ids: Annotation ids, which strict mode reads.
        settings: Thresholds and area ranges.
    """
    candidates = rows[found["candidate"]]
    match, ignored = found["match"], found["ignored"]
    matched = match >= 0
    bands = _bands(settings.areas)
    band = bands.of_areas(areas)
    if settings.strict:
        # pycocotools stores ids, and takes 0 for no match.
        lost = matched & (np.append(truth_ids, 1)[match] == 0)
        matched &= ~lost
        ignored = ignored | (lost & bands.outside[:, band[candidates]][:, None, :])
    tp = matched & ~ignored

    # Most detections have no candidate: what they are follows from their area alone.
    thresholds, point = len(settings.iou_thresholds), operating_threshold(settings)
    unmatched = np.repeat(bands.outside, thresholds, axis=0)
    patterns = pack_patterns(
        np.concatenate([np.zeros_like(unmatched), tp.reshape(len(unmatched), -1)], axis=1),
        np.concatenate([unmatched, ignored.reshape(len(unmatched), -1)], axis=1),
    )
    codes = band.copy()
    codes[candidates] = unmatched.shape[1] + np.arange(len(candidates))

    partner = np.full(len(areas), -1, dtype=np.int64)
    hit = np.zeros(len(areas), dtype=np.bool_)
    ignored_there = bands.outside[0][band]
    partner[candidates] = match[0, point]
    hit[candidates] = tp[0, point]
    ignored_there[candidates] = ignored[0, point]
    return Outcomes(codes, patterns, partner, hit, ignored_there)


@dataclass(frozen=True, slots=True, eq=False)
class _Bands:
    """The bands into which the bounds of all area ranges cut the areas.

    Attributes:
        starts: Lowest area of each band but the first, ascending.
        outside: The band is out of the range, bool [ranges, bands].
    """

    starts: Float64
    outside: Bool

    def of_areas(self, areas: Float64) -> Int64:
        """Return the band of each area."""
        return np.searchsorted(self.starts, areas, side="right")


@lru_cache(maxsize=64)
def _bands(areas: tuple[AreaRange, ...]) -> _Bands:
    """Return the bands of these area ranges, both of whose ends belong to them."""
    low = np.array([area.low for area in areas])
    above = np.nextafter([area.high for area in areas], np.inf)
    starts = np.unique(np.concatenate([low, above]))
    first, end = (np.searchsorted(starts, each, side="right")[:, None] for each in (low, above))
    band = np.arange(len(starts) + 1)
    return _Bands(starts, (band < first) | (band >= end))
