import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.metrics import confusion_matrix
from tests.reference import errors as reference

CLASSES = 3


def count(
    rows: list[tuple[int, float, int]], truths: list[int], threshold: float
) -> list[list[int]]:
    """Return the matrix, of detections that each name the object that they took."""
    labels, scores, matches = ([row[k] for row in rows] for k in range(3))
    inside, false, missed = confusion_matrix(
        torch.tensor(labels, dtype=torch.int64),
        torch.tensor([truths[k] if k >= 0 else -1 for k in matches], dtype=torch.int64),
        torch.tensor(scores, dtype=torch.float64),
        torch.tensor([truths.count(c) for c in range(CLASSES)]),
        torch.tensor([threshold], dtype=torch.float64),
    )
    rows_ = [[*row, last] for row, last in zip(inside.tolist(), missed.tolist(), strict=True)]
    return [*rows_, [*false.tolist(), 0]]


@pytest.mark.parametrize(
    ("rows", "truths", "cell"),
    [
        pytest.param([(1, 0.9, 0)], [1], (1, 1), id="found"),
        pytest.param([(2, 0.9, 0)], [1], (1, 2), id="taken-for-another"),
        pytest.param([(2, 0.9, -1)], [], (3, 2), id="false"),
        pytest.param([], [2], (2, 3), id="missed"),
        pytest.param([(2, 0.1, 0)], [2], (2, 3), id="found-below-the-threshold"),
        pytest.param([(1, 0.5, 0)], [1], (1, 1), id="at-the-threshold-is-kept"),
    ],
)
def test_worked_values(
    rows: list[tuple[int, float, int]], truths: list[int], cell: tuple[int, int]
) -> None:
    wanted = [[int((row, column) == cell) for column in range(4)] for row in range(4)]
    assert count(rows, truths, 0.5) == wanted


@given(draw=st.data(), truths=st.lists(st.integers(0, 2), max_size=8))
@settings(deadline=None)
def test_agrees_with_counting(draw: st.DataObject, truths: list[int]) -> None:
    order = draw.draw(st.permutations(range(len(truths))))
    matches = order[: draw.draw(st.integers(0, len(truths)))]
    matches += [-1] * draw.draw(st.integers(0, 4))
    rows = [
        (draw.draw(st.integers(0, 2)), draw.draw(st.sampled_from([0.1, 0.5, 0.9])), match)
        for match in matches
    ]
    labels, scores, taken = ([row[k] for row in rows] for k in range(3))
    found = count(rows, truths, 0.5)
    assert found == reference.confusion(labels, scores, taken, truths, CLASSES, 0.5)
    assert [sum(row) for row in found[:3]] == [truths.count(c) for c in range(3)]
