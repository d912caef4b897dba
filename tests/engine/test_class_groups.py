"""Groups of classes: every class and row once, in order, and no more rows than are allowed."""

import numpy as np
import pytest

from boxgauge.engine.class_groups import class_groups


@pytest.mark.parametrize(
    ("counts", "max_rows", "expected"),
    [
        pytest.param([2, 1, 3], 3, [(0, 2, 0, 3), (2, 3, 3, 6)], id="as many as fit"),
        pytest.param([1, 9, 1], 4, [(0, 1, 0, 1), (1, 2, 1, 10), (2, 3, 10, 11)], id="one too big"),
        pytest.param([0, 0, 2, 0], 5, [(0, 4, 0, 2)], id="classes without rows"),
        pytest.param([0, 0], 1, [(0, 2, 0, 0)], id="no rows"),
        pytest.param([], 1, [], id="no classes"),
    ],
)
def test_groups(
    counts: list[int], max_rows: int, expected: list[tuple[int, int, int, int]]
) -> None:
    label = np.repeat(np.arange(len(counts)), counts)
    found = [
        (classes.start, classes.stop, rows.start, rows.stop)
        for classes, rows in class_groups(label, len(counts), max_rows)
    ]
    assert found == expected
