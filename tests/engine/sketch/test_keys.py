"""The bins of scores: never out of order, and the same on every machine."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine.sketch.keys import (
    KEY_BITS,
    KEYS,
    falling_keys,
    lowest_scores,
    middle_scores,
    outside,
)


def bin_of(score: float) -> int:
    return int(falling_keys(np.array([score]))[0])


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50))
def test_a_higher_score_never_has_a_lower_bin(scores: list[float]) -> None:
    ordered = np.sort(np.array([*scores, *np.nextafter(scores, 0), *np.nextafter(scores, 1)]))
    assert (np.diff(falling_keys(ordered).astype(np.int64)) <= 0).all()


def test_neighbours_at_the_edges_of_bins_keep_their_order() -> None:
    logits = np.random.default_rng(0).integers(0, KEYS, 20_000) * 32 / KEYS - 16
    edges = 1 / (1 + np.exp(-logits))
    around = [edges]
    for towards in (0.0, 1.0):
        step = edges
        for _ in range(4):
            step = np.nextafter(step, towards)
            around.append(step)
    ordered = np.sort(np.concatenate(around))
    assert (np.diff(falling_keys(ordered).astype(np.int64)) <= 0).all()


@given(st.floats(-15.99, 15.99))
def test_bins_are_evenly_wide_in_the_logit(logit: float) -> None:
    key = KEYS - 1 - bin_of(1 / (1 + math.exp(-logit)))
    # A score near 1 has few bits left for its logit.
    assert abs(key - (logit + 16) / 32 * KEYS) < 1 + 2e-16 * math.exp(abs(logit)) * KEYS


def test_what_is_no_probability_goes_to_the_ends() -> None:
    assert bin_of(1.0) == bin_of(1.5) == bin_of(math.inf) == bin_of(1 - 1e-8) == 0
    ends = {bin_of(each) for each in (0.0, -0.0, -3.0, -math.inf, math.nan, 1e-300)}
    assert ends == {KEYS - 1}
    assert bin_of(0.5) == KEYS // 2 - 1
    scores = np.array([0.0, -0.0, 1.0, 0.3, -1e-9, 1.0000001, math.nan, math.inf])
    assert outside(scores) == 4


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, KEY_BITS)), min_size=1, max_size=50))
def test_the_lowest_score_of_a_bin_parts_it_from_the_next(drawn: list[tuple[float, int]]) -> None:
    levels = np.array([level for _, level in drawn])
    keys = falling_keys(np.array([score for score, _ in drawn])).astype(np.int64) >> levels
    lowest = lowest_scores(keys, levels)
    assert (falling_keys(lowest).astype(np.int64) >> levels == keys).all()
    below = falling_keys(np.nextafter(lowest, -1)).astype(np.int64) >> levels
    assert ((below == keys + 1) | (lowest == 0)).all()
    middle = middle_scores(keys, levels)
    assert (middle >= lowest).all()
    # Near 1 a bin may hold no score but its end.
    assert (falling_keys(middle).astype(np.int64) >> levels <= keys).all()
