"""The kernel of certified curves against COCO's accumulation over every order there is."""

from itertools import chain, permutations, product

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.export.examples.certified import hard_events
from boxgauge.metrics import certified_curves

POINTS = np.linspace(0, 1, 101)
FALSE_POSITIVE, TRUE_POSITIVE, IGNORED = range(3)


def accumulate(outcome: NDArray[np.int64], positives: int) -> NDArray[np.float64]:
    """Return COCO's envelope of precision for one list of detections."""
    tp, fp = np.cumsum(outcome == TRUE_POSITIVE), np.cumsum(outcome == FALSE_POSITIVE)
    envelope = tp / (fp + tp + np.spacing(1))
    for i in range(len(outcome) - 1, 0, -1):
        envelope[i - 1] = max(envelope[i - 1], envelope[i])
    places = np.searchsorted(tp / positives, POINTS, side="left")
    return np.array([envelope[i] if i < len(outcome) else 0.0 for i in places])


def orders(bins: list[list[int]], limit: int) -> list[NDArray[np.int64]]:
    """Return every order of the detections, each known by its number, that the bins allow."""
    return [
        np.array([*chain(*each)], dtype=np.int64) % limit
        for each in product(*(permutations(one) for one in bins))
    ]


def events(bins: list[list[int]], limits: int, positives: int) -> tuple[torch.Tensor, ...]:
    """Return the kernel's inputs for codes by bin; curve t is about outcome t of a code."""
    hits, correction, before, upto, curve = [], [], [], [], []
    for t in range(limits):
        last = 0
        for each in bins:
            outcomes = [divmod(code, 3) for code in each]
            counted = sum(of[-1] != IGNORED for of in outcomes)
            hits.append(sum(of[t] == TRUE_POSITIVE for of in outcomes))
            correction.append(sum(of[t] != IGNORED for of in outcomes) - counted)
            before.append(last)
            last += counted
            upto.append(last)
            curve.append(t)
    columns = [torch.tensor(each) for each in (hits, correction, before, upto, curve)]
    of_curves = [torch.tensor([each] * limits) for each in (len(bins), positives)]
    return (*columns, *of_curves, torch.from_numpy(POINTS))


@settings(max_examples=60, deadline=None)
@given(
    bins=st.lists(st.lists(st.integers(0, 8), max_size=3), min_size=1, max_size=3),
    spare=st.integers(0, 3),
)
def test_bounds_are_the_extremes_over_all_orders(bins: list[list[int]], spare: int) -> None:
    # A code is two outcomes, of two thresholds.
    patterns = np.array([divmod(code, 3) for code in range(9)])
    positives = sum(len(each) for each in bins) + spare + 1
    low, high = certified_curves(*events(bins, 2, positives))
    for t in range(2):
        curves = np.array([accumulate(patterns[order, t], positives) for order in orders(bins, 9)])
        np.testing.assert_array_equal(low[:, t].numpy(), curves.min(axis=0))
        np.testing.assert_array_equal(high[:, t].numpy(), curves.max(axis=0))
        # One order attains all of a bound.
        assert (curves == curves.min(axis=0)).all(axis=1).any()
        assert (curves == curves.max(axis=0)).all(axis=1).any()


def test_hard_inputs_keep_low_below_high_and_absent_absent() -> None:
    for inputs in hard_events(torch.Generator().manual_seed(2)):
        low, high = certified_curves(*inputs)
        assert bool((low <= high).all())
        for found in (low, high):
            assert bool(((found == -1) == (inputs[6] == 0)).all())


def test_a_bin_of_many_is_worth_its_worst_and_best_order() -> None:
    # Two true positives behind three false ones, or before them; then a third.
    low, high = certified_curves(
        torch.tensor([2, 1]),
        torch.tensor([0, 0]),
        torch.tensor([0, 5]),
        torch.tensor([5, 6]),
        torch.tensor([0, 0]),
        torch.tensor([2]),
        torch.tensor([3]),
        torch.from_numpy(POINTS),
    )
    assert low[[0, 100], 0].tolist() == [0.5, 0.5]
    assert high[[0, 66, 67], 0].tolist() == [1.0, 1.0, 0.5]
