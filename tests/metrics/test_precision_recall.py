import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.metrics import PrecisionRecall, precision_recall
from tests.reference import ranking as reference

FALSE, TRUE, IGNORED = 0, 1, 2

rows = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(-5, 5),
        st.sampled_from([FALSE, TRUE, IGNORED]),
    )
)


def measure(
    scores: list[float], outcome: list[int], positives: int, threshold: float
) -> PrecisionRecall:
    return precision_recall(
        torch.tensor(scores, dtype=torch.float64),
        torch.tensor(outcome, dtype=torch.int8),
        torch.tensor([positives]),
        torch.tensor([threshold], dtype=torch.float64),
    )


@pytest.mark.parametrize(
    ("threshold", "precision", "recall", "counts"),
    [
        pytest.param(-math.inf, 2 / 4, 2 / 3, (2, 2, 1), id="all"),
        pytest.param(0.5, 1 / 2, 1 / 3, (1, 1, 2), id="at-the-threshold-is-kept"),
        pytest.param(0.8, 1, 1 / 3, (1, 0, 2), id="precise"),
        pytest.param(0.95, 0, 0, (0, 0, 3), id="none-left"),
    ],
)
def test_worked_values(
    threshold: float, precision: float, recall: float, counts: tuple[int, int, int]
) -> None:
    scores = [0.9, 0.5, 0.7, 0.2, 0.1]
    outcome = [TRUE, FALSE, IGNORED, TRUE, FALSE]
    actual = measure(scores, outcome, 3, threshold)
    assert actual.precision.tolist() == [precision]
    assert actual.recall.tolist() == [recall]
    assert (actual.tp.item(), actual.fp.item(), actual.fn.item()) == counts
    assert actual.defined.tolist() == [sum(counts[:2]) > 0, True]


@pytest.mark.parametrize(
    ("outcome", "positives", "defined"),
    [
        pytest.param([], 2, [False, True], id="nothing-detected"),
        pytest.param([IGNORED], 2, [False, True], id="only-ignored"),
        pytest.param([FALSE], 0, [True, False], id="nothing-to-detect"),
        pytest.param([], 0, [False, False], id="nothing-at-all"),
    ],
)
def test_undefined_is_zero_and_says_so(
    outcome: list[int], positives: int, defined: list[bool]
) -> None:
    actual = measure([0.5] * len(outcome), outcome, positives, 0)
    assert actual.precision.tolist() == [0.0]
    assert actual.recall.tolist() == [0.0]
    assert actual.defined.tolist() == defined


@given(rows=rows, missed=st.integers(0, 5), threshold=st.sampled_from([-9.0, 0.25, 0.5, 9.0]))
@settings(deadline=None)
def test_agrees_with_counting(rows: list[tuple[float, int]], missed: int, threshold: float) -> None:
    scores, outcome = [s for s, _ in rows], [o for _, o in rows]
    positives = outcome.count(TRUE) + missed
    actual = measure(scores, outcome, positives, threshold)
    tp, fp, fn, precision, recall = reference.precision_recall(
        scores, outcome, positives, threshold
    )
    assert (actual.tp.item(), actual.fp.item(), actual.fn.item()) == (tp, fp, fn)
    assert actual.precision.item() == (precision or 0.0)
    assert actual.recall.item() == (recall or 0.0)
    assert actual.defined.tolist() == [precision is not None, recall is not None]


@given(rows=rows, low=st.floats(-5, 5), step=st.floats(0, 5))
@settings(deadline=None)
def test_a_higher_threshold_never_finds_more(
    rows: list[tuple[float, int]], low: float, step: float
) -> None:
    scores, outcome = [s for s, _ in rows], [o for _, o in rows]
    positives = outcome.count(TRUE) + 1
    loose = measure(scores, outcome, positives, low)
    tight = measure(scores, outcome, positives, low + step)
    assert tight.recall <= loose.recall
    assert tight.tp <= loose.tp
    assert tight.fp <= loose.fp
