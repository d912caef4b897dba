"""The report's order against a stable sort."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine.report_order import report_order

SCORES = st.one_of(
    st.sampled_from([0.0, -0.0, 0.5, np.nextafter(0.5, 1), 1.0, 5e-324, -5e-324]),
    st.floats(0, 1),
    st.floats(allow_nan=False),
)


@settings(deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 3), SCORES), max_size=40))
def test_is_a_stable_sort_by_class_and_falling_score(rows: list[tuple[int, float]]) -> None:
    labels = np.array([label for label, _ in rows], dtype=np.uint8)
    scores = np.array([score for _, score in rows], dtype=np.float64)
    wanted = sorted(range(len(rows)), key=lambda k: (labels[k], -scores[k]))
    assert report_order(labels, scores).tolist() == wanted


@pytest.mark.parametrize("classes", [2, 2**16])
def test_scores_that_differ_in_their_last_bit_alone_are_told_apart(classes: int) -> None:
    draw = np.random.default_rng(0)
    steps = draw.integers(0, 4, 50_000)
    scores = (0.75 + steps * 2.0**-53) * draw.choice([1e-200, 1, -1], 50_000)
    labels = draw.integers(0, classes, 50_000).astype(np.uint16)
    assert report_order(labels, scores).tolist() == np.lexsort((-scores, labels)).tolist()
