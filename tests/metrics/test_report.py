"""The report kernel against COCO's accumulation written out as a loop."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.export.examples.exact import hard_outcomes, outcomes
from boxgauge.metrics import report_curves

Arrays = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def accumulate(
    label: NDArray[np.int64],
    scores: NDArray[np.float64],
    rank: NDArray[np.int64],
    code: NDArray[np.int64],
    patterns: NDArray[np.int64],
    positives: NDArray[np.int64],
    max_detections: NDArray[np.int64],
    points: NDArray[np.float64],
) -> Arrays:
    """Return precision, recall and scores, one (class, area, threshold, limit) at a time."""
    classes, areas = positives.shape
    thresholds, limits = patterns.shape[2], len(max_detections)
    precision = np.full((thresholds, len(points), classes, areas, limits), -1.0)
    recall = np.full((thresholds, classes, areas, limits), -1.0)
    score_at = precision.copy()
    for k, a, m in np.ndindex(classes, areas, limits):
        if positives[k, a] == 0:
            continue
        rows = np.flatnonzero((label == k) & (rank < max_detections[m]))
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        for t in range(thresholds):
            outcome = patterns[code[rows], a, t]
            tp, fp = np.cumsum(outcome == 1), np.cumsum(outcome == 0)
            reached = tp / positives[k, a]
            envelope = tp / (fp + tp + np.spacing(1))
            for i in range(len(rows) - 1, 0, -1):
                envelope[i - 1] = max(envelope[i - 1], envelope[i])
            recall[t, k, a, m] = reached[-1] if len(rows) else 0
            for r, point in enumerate(points):
                i = int(np.searchsorted(reached, point, side="left"))
                found = i < len(rows)
                precision[t, r, k, a, m] = envelope[i] if found else 0
                score_at[t, r, k, a, m] = scores[rows[i]] if found else 0
    return precision, recall, score_at


def assert_accumulated(inputs: tuple[torch.Tensor, ...]) -> None:
    found = report_curves(*inputs)
    wanted = accumulate(*(each.numpy() for each in inputs))
    for name, ours, theirs in zip(found._fields, found, wanted, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 150), seed=st.integers(0, 2**31))
def test_is_the_accumulation(n: int, seed: int) -> None:
    # np.linspace(0, 1, 101) as COCO has it, not the example's own grid.
    inputs = outcomes(n, torch.Generator().manual_seed(seed))
    assert_accumulated((*inputs[:7], torch.from_numpy(np.linspace(0, 1, 101))))


def test_is_the_accumulation_in_hard_cases() -> None:
    for inputs in hard_outcomes(torch.Generator().manual_seed(1)):
        assert_accumulated(inputs)


def test_seven_of_ten_do_not_reach_recall_point_seventy() -> None:
    n = 7
    found = report_curves(
        torch.zeros(n, dtype=torch.int64),
        torch.linspace(1, 0.5, n, dtype=torch.float64),
        torch.zeros(n, dtype=torch.int64),
        torch.zeros(n, dtype=torch.int64),
        torch.ones(1, 1, 1, dtype=torch.int64),
        torch.tensor([[10]]),
        torch.tensor([100]),
        torch.from_numpy(np.linspace(0, 1, 101)),
    )
    # 0.7 as COCO's grid has it is one step above 7 / 10.
    assert found.recall.item() == 0.7
    assert found.precision[0, 69:71, 0, 0, 0].tolist() == [1.0, 0.0]
    assert found.precision[0, 0, 0, 0, 0].item() == 1.0


def test_the_first_true_positive_alone_is_a_step_below_one() -> None:
    one = torch.zeros(1, dtype=torch.int64)
    found = report_curves(
        one,
        torch.tensor([0.9], dtype=torch.float64),
        one,
        one,
        torch.ones(1, 1, 1, dtype=torch.int64),
        torch.tensor([[1]]),
        torch.tensor([1]),
        torch.from_numpy(np.linspace(0, 1, 101)),
    )
    assert found.precision.unique().tolist() == [0.9999999999999998]
