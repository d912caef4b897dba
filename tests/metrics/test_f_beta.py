"""F-beta from counts: worked values, and agreement with the harmonic mean of two ratios."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.metrics import FBeta, f_beta
from tests.reference import score_curves as reference


def measure(tp: int, fp: int, positives: int, beta: float) -> FBeta:
    counts = (torch.tensor([each]) for each in (tp, fp, positives))
    return f_beta(*counts, torch.tensor([beta], dtype=torch.float64))


@pytest.mark.parametrize(
    ("counts", "beta", "ratios"),
    [
        pytest.param((2, 2, 3), 1.0, (1 / 2, 2 / 3, 4 / 7), id="alike"),
        pytest.param((2, 2, 3), 2.0, (1 / 2, 2 / 3, 10 / 16), id="recall matters more"),
        pytest.param((2, 2, 3), 0.5, (1 / 2, 2 / 3, 2.5 / 4.75), id="precision matters more"),
        pytest.param((0, 3, 2), 1.0, (0, 0, 0), id="nothing found"),
    ],
)
def test_worked_values(
    counts: tuple[int, int, int], beta: float, ratios: tuple[float, float, float]
) -> None:
    found = measure(*counts, beta)
    assert [ratio.item() for ratio in found[:3]] == pytest.approx(ratios, abs=1e-15)
    assert found.defined.all()


@pytest.mark.parametrize(
    ("counts", "defined"),
    [
        ((0, 0, 2), [False, True, True]),
        ((0, 2, 0), [True, False, True]),
        ((0, 0, 0), [False, False, False]),
    ],
)
def test_what_is_undefined_says_so(counts: tuple[int, int, int], defined: list[bool]) -> None:
    found = measure(*counts, 1.0)
    assert found.defined[:, 0].tolist() == defined
    assert [ratio.item() for ratio in found[:3]] == [0, 0, 0]


@settings(max_examples=300, deadline=None)
@given(
    tp=st.integers(0, 50),
    fp=st.integers(0, 50),
    missed=st.integers(0, 50),
    beta=st.floats(0.01, 100),
)
def test_agrees_with_the_harmonic_mean(tp: int, fp: int, missed: int, beta: float) -> None:
    if not (tp + fp and tp + missed):
        return
    expected = reference.f_beta(tp / (tp + fp), tp / (tp + missed), beta)
    assert measure(tp, fp, tp + missed, beta).f_beta.item() == pytest.approx(expected, rel=1e-12)
