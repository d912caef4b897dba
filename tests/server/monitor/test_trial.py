"""The error of the estimate is measured on images that it was not learned from."""

import pytest

from tests.server.calls import Calls, Sides, both, predictions, truths

TRUTH = [(1, 10, 10, 20, 20), (2, 50, 50, 40, 40)]
GOOD = [(1, 11, 10, 20, 20, 0.9), (2, 52, 50, 40, 38, 0.8), (2, 0, 0, 5, 5, 0.3)]
# The same scores on boxes that lie beside: what no estimate from scores can see.
BAD = [(1, 61, 90, 20, 20, 0.9), (2, 2, 5, 40, 38, 0.8), (2, 0, 0, 5, 5, 0.3)]


def images(first: int, rows: list[tuple[float, ...]], number: int) -> tuple[Sides, Sides]:
    ids = range(first, first + number)
    return {k: list(rows) for k in ids}, {k: list(TRUTH) for k in ids}


async def observed(calls: Calls, first: int, rows: list[tuple[float, ...]], number: int) -> None:
    predicted, labelled = images(first, rows, number)
    (answer,) = await calls.observe(both(predictions(predicted), truths(labelled)))
    assert not answer.errors


async def test_the_error_is_none_before_a_run_and_small_while_nothing_changes(
    calls: Calls,
) -> None:
    await calls.create()
    await observed(calls, 0, GOOD, 60)
    assert not (await calls.report()).estimate.HasField("ap50_error")
    await observed(calls, 100, GOOD, 200)
    estimate = (await calls.report()).estimate
    assert estimate.calibration_images == 260
    assert estimate.ap50_error == pytest.approx(0, abs=0.02)


async def test_a_change_that_scores_do_not_show_is_told_by_the_error(calls: Calls) -> None:
    await calls.create()
    await observed(calls, 0, GOOD, 60)
    await observed(calls, 100, BAD, 200)
    assert (await calls.report()).estimate.ap50_error > 0.9


async def test_a_run_with_a_corrected_image_is_begun_anew(calls: Calls) -> None:
    await calls.create()
    await observed(calls, 0, GOOD, 60)
    await observed(calls, 100, GOOD, 150)
    await calls.observe(truths({120: []}, revision=1))
    await observed(calls, 300, GOOD, 60)
    assert not (await calls.report()).estimate.HasField("ap50_error")
