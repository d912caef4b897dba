"""The kernel of certified curves against COCO's accumulation over every order there is."""

from itertools import chain, permutations, product

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.export.examples.certified import hard_bins
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


@settings(max_examples=60, deadline=None)
@given(
    bins=st.lists(st.lists(st.integers(0, 8), max_size=3), min_size=1, max_size=3),
    spare=st.integers(0, 3),
)
def test_bounds_are_the_extremes_over_all_orders(bins: list[list[int]], spare: int) -> None:
    # A pattern is two outcomes, of two thresholds.
    patterns = torch.tensor([divmod(code, 3) for code in range(9)]).reshape(9, 1, 2)
    codes = [code for each in bins for code in each]
    positives = len(codes) + spare + 1
    found = certified_curves(
        torch.zeros(len(codes), dtype=torch.int64),
        torch.tensor([k for k, each in enumerate(bins) for _ in each], dtype=torch.int64),
        torch.tensor(codes, dtype=torch.int64),
        torch.ones(len(codes), 1, dtype=torch.int64),
        patterns,
        torch.tensor([[positives]]),
        torch.from_numpy(POINTS),
    )
    for t in range(2):
        curves = np.array(
            [accumulate(patterns[order, 0, t].numpy(), positives) for order in orders(bins, 9)]
        )
        np.testing.assert_array_equal(found.low[t, :, 0, 0, 0].numpy(), curves.min(axis=0))
        np.testing.assert_array_equal(found.high[t, :, 0, 0, 0].numpy(), curves.max(axis=0))
        # One order attains all of a bound.
        assert (curves == curves.min(axis=0)).all(axis=1).any()
        assert (curves == curves.max(axis=0)).all(axis=1).any()


def test_hard_inputs_keep_low_below_high_and_absent_absent() -> None:
    for inputs in hard_bins(torch.Generator().manual_seed(2)):
        low, high, recall = certified_curves(*inputs)
        assert bool((low <= high).all())
        absent = (inputs[5] == 0)[None, :, :, None].expand(recall.shape)
        assert bool(((recall == -1) == absent).all())
        assert bool(((low == -1) == absent[:, None].expand(low.shape)).all())


def test_many_rows_of_one_are_one_row_of_many() -> None:
    outcomes = torch.tensor([[[1]], [[0]]])
    whole = certified_curves(
        torch.tensor([0, 0, 0]),
        torch.tensor([0, 0, 5]),
        torch.tensor([0, 1, 0]),
        torch.tensor([[2], [3], [1]]),
        outcomes,
        torch.tensor([[3]]),
        torch.from_numpy(POINTS),
    )
    # Two true positives behind three false ones, or before them; then a third.
    assert whole.low[0, [0, 100], 0, 0, 0].tolist() == [0.5, 0.5]
    assert whole.high[0, [0, 66, 67], 0, 0, 0].tolist() == [1.0, 1.0, 0.5]
    assert whole.recall.item() == 1.0
