"""From matched images to the counts that a sketch adds or takes away."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.class_places import class_places
from boxgauge.engine.matches import Matches, unpack_patterns
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sketch.keys import falling_keys, outside
from boxgauge.engine.sketch.rows import SketchRows, kinds, packed, summed
from boxgauge.engine.sketch.totals import SketchTotals

Int64 = NDArray[np.int64]


def rows_of_matches(matches: Matches, class_ids: Int64, maxima: Int64, codes: Int64) -> SketchRows:
    """Return the detections' counts, in the finest bins.

    Args:
        matches: Without those beyond the last of ``maxima``.
        class_ids: Ascending.
        maxima: Detections that count an image and class, ascending.
        codes: The tally's code of each detection's pattern.
    """
    label = class_places(class_ids, matches.labels)
    bucket = buckets_of_ranks(maxima, matches.ranks)
    ids = packed(label, falling_keys(matches.scores), kinds(bucket, codes))
    return summed(ids, np.ones(len(ids), np.int64), np.zeros(len(class_ids), np.uint8))


def buckets_of_ranks(maxima: Int64, ranks: Int64) -> Int64:
    """Return how many maxima leave out a detection of each rank.

    Maxima are few: to compare with each is several times as fast as to search.
    """
    buckets = np.zeros(len(ranks), np.int64)
    for most in maxima.tolist():
        buckets += ranks >= most
    return buckets


def totals_of_matches(
    matches: Matches, class_ids: Int64, settings: EvaluationSettings
) -> SketchTotals:
    """Return the sums over images; of matches as above."""
    areas, thresholds = len(settings.areas), len(settings.iou_thresholds)
    outcomes = unpack_patterns(matches.patterns.tolist() or (b"",), areas, thresholds)
    at = outcomes[:, 0, operating_threshold(settings)][matches.codes]
    passing = at[matches.scores >= settings.score_threshold]
    return SketchTotals(
        len(matches),
        int((passing == 1).sum()),
        int((passing == 0).sum()),
        outside(matches.scores),
        _positives(matches, class_ids, areas),
        # Python's integers, since 64 bits may not hold a sum.
        tuple(sum(column) for column in matches.sums.rows().T.tolist()),
    )


def _positives(matches: Matches, class_ids: Int64, areas: int) -> Int64:
    label = class_places(class_ids, matches.truth_labels)
    by_area = [
        np.bincount(label[matches.truth_counted >> np.uint32(a) & 1 == 1], minlength=len(class_ids))
        for a in range(areas)
    ]
    return np.stack(by_area, axis=1).astype(np.int64)
