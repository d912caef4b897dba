"""Calls that run ahead: in order, bounded, and no bit of a report depends on them."""

import threading
from collections.abc import Iterator

import pytest

from boxgauge.engine import Engine, EvaluationSettings, ModelRepository, curves, evaluate
from boxgauge.engine.ahead import run_ahead
from tests.engine.sides import CLASSES, draw_sides
from tests.engine.test_tally import assert_same


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_order(workers: int) -> None:
    assert [*run_ahead(lambda k: k * k, range(40), workers)] == [k * k for k in range(40)]
    assert [*run_ahead(str, [], workers)] == []


def test_calls_really_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=30)
    assert [*run_ahead(lambda _: both.wait() >= 0, range(2), 2)] == [True, True]


def test_no_more_is_taken_than_a_few_ahead() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for k in range(100):
            taken += 1
            yield k

    results = run_ahead(lambda k: k, items(), 3)
    for k in range(10):
        assert next(results) == k
        assert taken <= k + 1 + 3
    results.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_reaches_the_caller(workers: int) -> None:
    results = run_ahead(lambda k: 1 // (k - 2), range(9), workers)
    assert [next(results), next(results)] == [-1, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_workers_change_no_bit_of_a_report(
    repository: ModelRepository, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides, settings = draw_sides(3, images=700), EvaluationSettings()
    alone = evaluate(engine, *sides, CLASSES, settings).report
    monkeypatch.setattr(curves, "MAX_ROWS", 1)  # a class a run
    several = Engine.open(repository, workers=3)
    assert_same(evaluate(several, *sides, CLASSES, settings).report, alone)
