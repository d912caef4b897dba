"""Counts by place as bytes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from boxgauge.engine.online.prediction_bins import PredictionBins
from boxgauge.engine.online.sparse_counts import SparseCounts
from boxgauge.engine.sealing import count_of
from boxgauge.engine.sketch.varints import from_varints, to_varints

PLACES = "places"


def count_columns(counts: SparseCounts) -> tuple[dict[str, int], list[bytes]]:
    """Return what a seal's text has to say of counts, and their columns."""
    steps = np.diff(counts.places.astype(np.int64), prepend=0)
    return {PLACES: len(steps)}, [to_varints(steps), to_varints(counts.counts)]


def parse_counts(about: Mapping[str, Any], body: bytes, bins: PredictionBins) -> SparseCounts:
    """Return the counts that a text and its columns have.

    Raises:
        ValueError: They cannot be.
    """
    n = count_of(about, PLACES)
    steps, rest = from_varints(body, n)
    counts, rest = from_varints(rest, n)
    if rest or int(steps.max(initial=0)) >= bins.places or (steps[1:] == 0).any():
        raise ValueError("a place lies outside or occurs twice, or there is more than that")
    places = np.cumsum(steps.astype(np.int64))
    if n and (places[-1] >= bins.places or not 0 < counts.min() <= counts.max() < 2**63):
        raise ValueError("a place lies outside, or a count cannot be")
    dense = np.zeros(bins.places, np.int64)
    dense[places] = counts.astype(np.int64)
    return SparseCounts.from_dense(dense, bins.dtype)
