"""Two models on the same images."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from boxgauge.engine import Engine, Matches
from boxgauge.engine.analysis import ResamplingTally, compare
from boxgauge.engine.online.comparing import paired
from boxgauge.engine.online.window_rows import WindowColumns, WindowRows
from boxgauge.frames import InvalidInputError
from tests.engine.online.made_windows import (
    Groups,
    draw_groups,
    draw_possible,
    exact_window,
    sketch_window,
)
from tests.engine.sketch.scores import CLASSES, SETTINGS

Window = WindowRows | WindowColumns


def worse(matches: Matches, share: float, seed: int) -> Matches:
    """Return the same images, in which some detections score as chance has it."""
    random = np.random.default_rng(seed)
    scores: NDArray[np.float64] = np.where(
        random.random(len(matches.scores)) < share,
        random.random(len(matches.scores)),
        matches.scores,
    )
    return replace(matches, scores=scores)


def both(matches: Matches, other: Matches, groups: Groups) -> list[tuple[Window, Window]]:
    return [
        (exact_window(matches, groups), exact_window(other, groups)),
        (sketch_window([(matches, groups)]), sketch_window([(other, groups)])),
    ]


@pytest.mark.parametrize("name", ["uniform", "saturated", "quantised"])
def test_a_model_does_not_differ_from_itself(engine: Engine, name: str) -> None:
    matches, groups = draw_possible(1, 60, name), draw_groups(1, 60)
    for a, b in both(matches, matches, groups):
        found = paired(engine, CLASSES, SETTINGS, a, b)
        assert found.images == 60
        assert len(found.statistics) == 12
        for each in found.statistics.values():
            assert (each.difference, each.low, each.high, each.p_value) == (0, 0, 0, 1)


def test_the_jackknife_agrees_with_the_swap_test(engine: Engine) -> None:
    for seed, share in enumerate((0.1, 0.1, 0.3, 0.7, 0.7)):
        matches, groups = draw_possible(seed, 100, "uniform"), draw_groups(seed, 100)
        other = worse(matches, share, seed)
        tallies = [ResamplingTally(CLASSES, SETTINGS) for _ in range(2)]
        for tally, each in zip(tallies, (matches, other), strict=True):
            tally.add_matches(each)
        wanted = compare(engine, *tallies, replicates=100).statistics["AP"]
        for a, b in both(matches, other, groups):
            found = paired(engine, CLASSES, SETTINGS, a, b).statistics["AP"]
            assert found.difference == pytest.approx(wanted.difference, abs=2e-3)
            assert found.low < found.difference < found.high
            assert abs(found.p_value - wanted.p_value) < 0.25
            if share == 0.7:
                assert max(found.p_value, wanted.p_value) < 0.05
                assert found.low > 0 or found.high < 0


def test_models_on_other_images_are_refused(engine: Engine) -> None:
    matches, groups = draw_possible(1, 20, "uniform"), draw_groups(1, 20)
    whole = exact_window(matches, groups)
    few = exact_window(matches.select(np.arange(19)), groups[:19])
    with pytest.raises(InvalidInputError, match="challenger must be the champion's 20: got 19"):
        paired(engine, CLASSES, SETTINGS, whole, few)
    others = exact_window(matches, groups[::-1])
    with pytest.raises(InvalidInputError, match="challenger must be the champion's by group"):
        paired(engine, CLASSES, SETTINGS, whole, others)


def test_without_images_there_is_nothing_to_compare(engine: Engine) -> None:
    none = exact_window(draw_possible(1, 0, "uniform"), draw_groups(1, 0))
    found = paired(engine, CLASSES, SETTINGS, none, none)
    assert (found.images, found.statistics) == (0, {})
