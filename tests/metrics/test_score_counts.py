"""Counts at every score threshold: worked values, and agreement with a count one by one."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.metrics import ScoreCounts, score_counts
from tests.reference import score_curves as reference

FALSE, TRUE, IGNORED = 0, 1, 2

rows = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([0.25, 0.5, 1.0, 0.0, -0.0]) | st.floats(-5, 5),
        st.sampled_from([FALSE, TRUE, IGNORED]),
    ),
    max_size=40,
)
Row = tuple[int, float, int]


def counted(detections: list[Row]) -> ScoreCounts:
    return score_counts(
        torch.tensor([label for label, _, _ in detections], dtype=torch.int64),
        torch.tensor([score for _, score, _ in detections], dtype=torch.float64),
        torch.tensor([outcome for *_, outcome in detections], dtype=torch.int8),
    )


def as_tuples(counts: ScoreCounts) -> list[tuple[int, float, int, int]]:
    return [*zip(*(column.tolist() for column in counts), strict=True)]


def test_worked_values() -> None:
    detections = [
        (1, 0.9, TRUE),
        (1, 0.5, FALSE),
        (1, 0.5, TRUE),
        (1, 0.7, IGNORED),
        (1, 0.2, FALSE),
        (0, 0.4, FALSE),
    ]
    assert as_tuples(counted(detections)) == [
        (0, 0.4, 0, 1),
        (1, 0.9, 1, 0),
        (1, 0.5, 2, 1),
        (1, 0.2, 2, 2),
    ]


def test_nothing_gives_nothing() -> None:
    assert as_tuples(counted([])) == []
    assert as_tuples(counted([(2, 0.5, IGNORED)])) == []


@settings(max_examples=300, deadline=None)
@given(detections=rows)
def test_agrees_with_counting_one_by_one(detections: list[Row]) -> None:
    expected = [
        (label, *each)
        for label in range(4)
        for each in reference.counts([(s, o) for k, s, o in detections if k == label])
    ]
    assert as_tuples(counted(detections)) == expected


@settings(max_examples=100, deadline=None)
@given(detections=rows, order=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(detections: list[Row], order: st.DataObject) -> None:
    shuffled = detections[:]
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert as_tuples(counted(shuffled)) == as_tuples(counted(detections))
