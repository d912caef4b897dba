"""Average precision of expected counts: against fine steps, and against COCO's of many bins."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.metrics import expected_average_precision
from tests.reference import distributions as reference
from tests.reference.score_curves import interpolated

POINTS = np.linspace(0, 1, 101)
amounts = st.lists(st.sampled_from([0.0, 0.25, 1.0, 7.5]), min_size=5, max_size=5)


def measure(tp: list[float], fp: list[float], positives: float) -> float:
    columns = (torch.tensor([each], dtype=torch.float64) for each in (tp, fp))
    found = expected_average_precision(
        *columns, torch.tensor([positives], dtype=torch.float64), torch.from_numpy(POINTS)
    )
    return float(found.item())


@pytest.mark.parametrize(
    ("tp", "fp", "positives", "expected"),
    [
        pytest.param([4.0], [0.0], 4.0, 1.0, id="all found, nothing else"),
        pytest.param([2.0], [2.0], 2.0, 0.5, id="half of them wrong"),
        pytest.param([0.0], [3.0], 2.0, 0.0, id="nothing found"),
        pytest.param([2.0], [0.0], 4.0, 51 / 101, id="half found"),
        pytest.param([0.0, 0.0], [0.0, 0.0], 0.0, 0.0, id="nothing there"),
    ],
)
def test_worked_values(tp: list[float], fp: list[float], positives: float, expected: float) -> None:
    assert measure(tp, fp, positives) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(tp=amounts, fp=amounts, missed=st.sampled_from([0.0, 0.5, 3.0]))
def test_agrees_with_many_small_steps(tp: list[float], fp: list[float], missed: float) -> None:
    positives = sum(tp) + missed
    expected = reference.average_precision(tp, fp, positives, POINTS.tolist())
    assert measure(tp, fp, positives) == pytest.approx(expected, abs=2e-3)


def test_whole_counts_in_many_bins_give_cocos() -> None:
    draw = np.random.default_rng(8)
    hit = draw.random(600) < np.linspace(0.95, 0.2, 600)
    expected = interpolated(
        [(1 - k / 600, int(each)) for k, each in enumerate(hit)], 400, POINTS.tolist()
    )
    found = measure(hit.astype(float).tolist(), (~hit).astype(float).tolist(), 400.0)
    assert found == pytest.approx(float(np.mean(expected)), abs=2e-3)


@settings(max_examples=100, deadline=None)
@given(tp=amounts, fp=amounts, missed=st.sampled_from([0.0, 0.5, 3.0]))
def test_is_blind_to_the_number_and_falls_with_what_is_missed(
    tp: list[float], fp: list[float], missed: float
) -> None:
    positives = sum(tp) + missed
    found = measure(tp, fp, positives)
    assert 0 <= found <= 1 + 1e-12
    many = measure([9 * each for each in tp], [9 * each for each in fp], 9 * positives)
    assert many == pytest.approx(found, abs=1e-9)
    assert measure(tp, fp, positives + 5) <= found + 1e-12
