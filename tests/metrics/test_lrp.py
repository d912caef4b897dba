import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.metrics import OptimalLrp, optimal_lrp
from tests.reference import errors as reference

FALSE, TRUE, IGNORED = 0, 1, 2

rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(-5, 5),
        st.sampled_from([FALSE, TRUE, IGNORED]),
        st.floats(0.5, 1),
    ),
    max_size=20,
)
Row = tuple[int, float, int, float]


def measure(rows: list[Row], positives: list[int], tau: float = 0.5) -> OptimalLrp:
    columns = [[row[k] for row in rows] for k in range(4)]
    return optimal_lrp(
        torch.tensor(columns[0], dtype=torch.int64),
        torch.tensor(columns[1], dtype=torch.float64),
        torch.tensor(columns[2], dtype=torch.int64),
        torch.tensor(columns[3], dtype=torch.float64),
        torch.tensor(positives),
        torch.tensor([tau], dtype=torch.float64),
    )


def positives_of(rows: list[Row], missed: int) -> list[int]:
    return [sum(r[0] == c and r[2] == TRUE for r in rows) + missed for c in range(3)]


@pytest.mark.parametrize(
    ("rows", "positives", "olrp", "parts", "threshold"),
    [
        pytest.param([(0, 0.9, TRUE, 1.0)], 1, 0, (0, 0, 0), 0.9, id="perfect"),
        pytest.param([(0, 0.9, TRUE, 0.75)], 1, 0.5, (0.25, 0, 0), 0.9, id="half-localised"),
        pytest.param(
            [(0, 0.9, TRUE, 1.0), (0, 0.8, FALSE, 0), (0, 0.7, TRUE, 0.75)],
            2,
            # Keeping one: (0 + 0 + 1) / 2; keeping all: (0.5 + 1 + 0) / 3 as well.
            0.5,
            (0, 0, 0.5),
            0.9,
            id="of-equals-the-higher-threshold",
        ),
        pytest.param(
            [(0, 0.9, TRUE, 1.0), (0, 0.9, FALSE, 0)], 1, 0.5, (0, 0.5, 0), 0.9, id="one-score"
        ),
        pytest.param(
            [(0, 0.9, IGNORED, 0), (0, 0.8, TRUE, 1.0)], 2, 0.5, (0, 0, 0.5), 0.8, id="ignored"
        ),
    ],
)
def test_worked_values(
    rows: list[Row],
    positives: int,
    olrp: float,
    parts: tuple[float, float, float],
    threshold: float,
) -> None:
    actual = measure(rows, [positives])
    assert actual.olrp.item() == pytest.approx(olrp)
    found = (actual.localisation, actual.false_positive, actual.false_negative)
    assert [each.item() for each in found] == pytest.approx(parts)
    assert actual.score_threshold.item() == threshold
    assert actual.defined.all()
    assert actual.attained.all()


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no-detection"),
        pytest.param([(0, 0.9, FALSE, 0.0)], id="false-alone"),
        pytest.param([(0, 0.9, TRUE, 0.5)], id="as-badly-localised-as-can-be"),
    ],
)
def test_where_keeping_nothing_is_as_good_no_threshold_is_attained(rows: list[Row]) -> None:
    actual = measure(rows, [1])
    assert (actual.olrp.item(), actual.false_negative.item()) == (1, 1)
    assert actual.defined.tolist() == [True]
    assert actual.attained.tolist() == [False]


def test_a_class_without_objects_is_undefined() -> None:
    assert measure([(0, 0.5, FALSE, 0.0)], [0, 2]).defined.tolist() == [False, True]


@given(rows=rows, missed=st.integers(1, 3), tau=st.sampled_from([0.0, 0.3, 0.5]))
@settings(deadline=None)
def test_agrees_with_the_loop_over_thresholds(rows: list[Row], missed: int, tau: float) -> None:
    positives = positives_of(rows, missed)
    actual = measure(rows, positives, tau)
    for c in range(3):
        own = [row for row in rows if row[0] == c]
        scores, outcomes, ious = ([row[k] for row in own] for k in (1, 2, 3))
        wanted = reference.optimal_lrp(scores, outcomes, ious, positives[c], tau)
        assert actual.olrp[c].item() == pytest.approx(wanted, abs=2e-9)
        if not actual.attained[c]:
            assert wanted == pytest.approx(1, abs=2e-9)
            continue
        # Of values that differ by less than the rounding, any threshold will do.
        threshold = actual.score_threshold[c].item()
        there = reference.lrp(scores, outcomes, ious, positives[c], tau, threshold)
        assert threshold in scores
        assert there.lrp == pytest.approx(wanted, abs=2e-9)
        parts = (actual.localisation, actual.false_positive, actual.false_negative)
        assert [each[c].item() for each in parts] == pytest.approx(there[1:], abs=1e-9)


@given(rows=rows, seed=st.integers(0, 99))
@settings(deadline=None)
def test_the_order_of_the_rows_changes_no_bit(rows: list[Row], seed: int) -> None:
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()
    positives = positives_of(rows, 1)
    for one, other in zip(
        measure(rows, positives), measure([rows[k] for k in order], positives), strict=True
    ):
        assert torch.equal(one, other)
