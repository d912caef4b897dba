"""The arithmetic of the report: t quantiles of printed tables, an interval by hand."""

import math

import pytest
from intervals import t_interval, t_quantile


@pytest.mark.parametrize(
    ("probability", "degrees", "printed"),
    [
        pytest.param(0.975, 1, 12.706, id="one degree: Cauchy"),
        pytest.param(0.975, 2, 4.303, id="two"),
        pytest.param(0.975, 4, 2.776, id="five seeds"),
        pytest.param(0.975, 9, 2.262, id="ten seeds"),
        pytest.param(0.995, 4, 4.604, id="five seeds, 99%"),
        pytest.param(0.975, 120, 1.980, id="nearly normal"),
    ],
)
def test_quantiles_are_those_of_printed_tables(
    probability: float, degrees: int, printed: float
) -> None:
    assert round(t_quantile(probability, degrees), 3) == printed


def test_one_degree_is_the_tangent() -> None:
    assert t_quantile(0.975, 1) == pytest.approx(math.tan(math.pi * 0.475), rel=1e-12)


def test_an_interval_worked_by_hand() -> None:
    # Mean 3, variance (4 + 1 + 0 + 1 + 4) / 4 = 2.5; 2.776445 * sqrt(2.5 / 5) = 1.963243.
    interval = t_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert interval.mean == 3
    assert interval.half_width == pytest.approx(1.963243, abs=1e-6)
    assert interval.excludes_zero
    assert interval.count == 5


def test_an_interval_that_reaches_zero_is_no_difference() -> None:
    assert not t_interval([-1.0, 2.0, 1.0]).excludes_zero


def test_equal_values_leave_no_doubt_and_one_value_all_of_it() -> None:
    assert t_interval([0.5, 0.5, 0.5]).half_width == 0
    assert t_interval([0.5]).half_width == math.inf


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda: t_interval([]), "at least one value: got none"),
        (lambda: t_interval([1.0, 2.0], confidence=1.0), "between 1/2 and 1: got 1.0"),
        (lambda: t_quantile(0.4, 3), "between 1/2 and 1: got 0.4"),
        (lambda: t_quantile(0.9, 0), "at least 1: got 0"),
    ],
)
def test_what_has_no_interval_is_refused(call: object, wanted: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=wanted):
        call()
