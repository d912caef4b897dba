"""Replicates of the jackknife against an honest recomputation without each group."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import Engine, ExactTally, Matches
from boxgauge.engine.matches import unpack_patterns
from boxgauge.engine.online.measured import measured
from boxgauge.engine.online.replicates import standard_errors
from tests.engine.online.made_windows import (
    draw_groups,
    draw_possible,
    exact_window,
    sketch_window,
)
from tests.engine.sketch.scores import CLASSES, DISTRIBUTIONS, SETTINGS, draw_matches


def area(matches: Matches, label: int, a: int, t: int) -> float:
    """Return the area under the envelope of one curve by looking at each detection; else NaN."""
    outcomes = unpack_patterns(matches.patterns.tolist(), len(SETTINGS.areas), 10)
    of_class = matches.labels == label
    kept = np.flatnonzero(of_class & (matches.ranks < SETTINGS.max_detections[-1]))
    kept = kept[np.argsort(-matches.scores[kept], kind="stable")]
    truths = matches.truth_labels == label
    positives = int((matches.truth_counted[truths] >> np.uint32(a) & 1).sum())
    if positives == 0:
        return np.nan
    tp = seen = 0
    precision = []
    for row in kept:
        outcome = outcomes[matches.codes[row], a, t]
        tp, seen = tp + (outcome == 1), seen + (outcome != 2)
        if outcome == 1:
            precision.append(tp / seen)
    return sum(max(precision[k:]) for k in range(tp)) / positives


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    images=st.integers(1, 4),
    groups=st.integers(1, 4),
    name=st.sampled_from([*DISTRIBUTIONS]),
)
def test_a_replicate_is_what_the_other_groups_say(
    engine: Engine, seed: int, images: int, groups: int, name: str
) -> None:
    matches = draw_matches(seed, images, DISTRIBUTIONS[name])
    of_image = draw_groups(seed, images, groups)
    found = measured(engine, CLASSES, SETTINGS, exact_window(matches, of_image))
    for row, g in enumerate(np.unique(of_image).tolist()):
        left = matches.select(np.flatnonzero(of_image != g))
        areas = (
            np.array([[area(left, each.id, 0, t) for each in CLASSES] for t in range(10)])
            if len(left)
            else np.full((10, len(CLASSES)), np.nan)
        )
        wanted = np.nan if np.isnan(areas).all() else np.nanmean(areas)
        np.testing.assert_allclose(found.replicates.statistics[row, 0], wanted, rtol=1e-6)
        np.testing.assert_allclose(found.replicates.class_ap[row], areas.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("name", ["uniform", "background", "quantised"])
def test_recall_without_a_group_is_exact(engine: Engine, name: str) -> None:
    matches = draw_matches(5, 80, DISTRIBUTIONS[name])
    groups = draw_groups(5, 80)
    windows = exact_window(matches, groups), sketch_window([(matches, groups)])
    exact, sketch = (measured(engine, CLASSES, SETTINGS, each).replicates for each in windows)
    for row, g in enumerate(np.unique(groups).tolist()):
        tally = ExactTally(CLASSES, SETTINGS)
        tally.add(matches.select(np.flatnonzero(groups != g)))
        wanted = np.array(astuple(tally.report(engine).statistics)[6:])
        for found in (exact, sketch):
            np.testing.assert_allclose(found.statistics[row, 6:], wanted, rtol=1e-12)


def fine_ap(matches: Matches, label: int) -> float:
    """Return the mean over thresholds of the area under the envelope, a step a detection."""
    outcomes = unpack_patterns(matches.patterns.tolist(), len(SETTINGS.areas), 10)[:, 0]
    rows = np.flatnonzero((matches.labels == label) & (matches.ranks < 10))
    rows = rows[np.argsort(-matches.scores[rows], kind="stable")]
    outcome = outcomes[matches.codes[rows]]
    tp, seen = (np.cumsum(each, axis=0) for each in (outcome == 1, outcome != 2))
    best = np.maximum.accumulate((tp / np.maximum(seen, 1))[::-1])[::-1]
    areas = np.where(outcome == 1, best, 0.0).sum(axis=0)
    return float(areas.mean() / (matches.truth_labels == label).sum())


@pytest.mark.parametrize("name", ["uniform", "background", "confident"])
def test_few_steps_give_nearly_the_errors_of_a_step_a_detection(engine: Engine, name: str) -> None:
    matches, groups = draw_possible(2, 1500, name), draw_groups(2, 1500)
    kept = [matches.select(np.flatnonzero(groups != g)) for g in range(32)]
    fine = np.array([[fine_ap(each, label) for label in range(4)] for each in kept])
    for window in (exact_window(matches, groups), sketch_window([(matches, groups)])):
        found = measured(engine, CLASSES, SETTINGS, window).replicates
        for ours, wanted in ((found.class_ap[:, :4], fine), (found.statistics[:, 0], fine.mean(1))):
            errors = (standard_errors(each)[0] for each in (ours, wanted))
            np.testing.assert_allclose(*errors, rtol=0.15)


def test_equal_replicates_have_no_error_and_undefined_ones_do_not_count() -> None:
    replicates = np.array([[0.1, np.nan, 0.2], [0.1, np.nan, 0.4], [0.1, 0.3, np.nan]])
    errors, defined = standard_errors(replicates)
    assert defined.tolist() == [3, 1, 2]
    assert errors[0] == 0
    assert np.isnan(errors[1])
    assert errors[2] == pytest.approx(0.1)
