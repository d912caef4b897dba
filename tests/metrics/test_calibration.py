"""Calibration against exact fractions, and against netcal, by the authors of D-ECE."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.metrics import calibration_errors, count_calibration
from tests.reference.calibration import calibration

NETCAL = json.loads((Path(__file__).parent / "golden" / "netcal.json").read_text())
# Half a unit of 2^-32 a detection and sum.
ROUNDING = 2.0**-32


def counts_of(
    scores: list[float], correct: list[bool], ious: list[float], bins: int, group: list[int]
) -> torch.Tensor:
    """Return the counts of boxes [0, 0, 1, iou], which overlap their truth by just that."""
    n = len(scores)
    truths = torch.tensor([[0.0, 0.0, 1.0, 1.0]], dtype=torch.float64).repeat(n, 1)
    boxes = truths.clone()
    boxes[:, 3] = torch.tensor(ious, dtype=torch.float64)
    return count_calibration(
        torch.tensor(group, dtype=torch.int64),
        torch.tensor(scores, dtype=torch.float64),
        torch.tensor(correct, dtype=torch.bool),
        boxes,
        truths,
        torch.from_numpy(np.linspace(0, 1, bins + 1)[1:-1].copy()),
        torch.zeros(max([*group, 0]) + 1, bins, 4, dtype=torch.int64),
    )


@pytest.mark.parametrize(
    ("scores", "correct", "ious", "bins", "d_ece", "la_ece"),
    [
        pytest.param([0.75, 0.75], [1, 1], [0.75, 0.75], 4, 0.25, 0.0, id="score-is-the-iou"),
        pytest.param([0.5, 0.5], [1, 0], [0.5, 0], 4, 0.0, 0.25, id="score-is-the-precision"),
        pytest.param([0.25, 0.75], [0, 1], [0, 1], 2, 0.25, 0.25, id="two-bins"),
        pytest.param([0.25, 0.75], [0, 1], [0, 1], 1, 0.0, 0.0, id="one-bin-evens-out"),
        pytest.param([1.0, 0.0], [0, 1], [0, 1], 10, 1.0, 1.0, id="all-wrong-at-both-ends"),
    ],
)
def test_worked_values(
    scores: list[float],
    correct: list[bool],
    ious: list[float],
    bins: int,
    d_ece: float,
    la_ece: float,
) -> None:
    right = [bool(each) for each in correct]
    found = calibration_errors(
        counts_of(scores, right, ious, bins, [0] * len(scores)), torch.tensor([1])
    )
    assert found.d_ece.tolist() == [d_ece]
    assert found.la_ece.tolist() == [la_ece]


@given(
    rows=st.lists(
        st.tuples(
            st.floats(0, 1) | st.integers(0, 20).map(lambda k: k / 20),
            st.booleans(),
            st.floats(0.1, 1),
            st.integers(0, 2),
        ),
        max_size=40,
    ),
    bins=st.integers(1, 20),
    least=st.integers(1, 4),
)
@settings(deadline=None)
def test_agrees_with_fractions(
    rows: list[tuple[float, bool, float, int]], bins: int, least: int
) -> None:
    scores, correct, ious, group = (list(each) for each in zip(*rows, strict=True)) if rows else (
        [], [], [], []
    )  # fmt: skip
    found = calibration_errors(counts_of(scores, correct, ious, bins, group), torch.tensor([least]))
    edges = np.linspace(0, 1, bins + 1).tolist()
    for k in range(len(found.d_ece)):
        own = [row[:3] for row in rows if row[3] == k]
        wanted = calibration(own, edges, least) if own else (0.0, 0.0)
        assert found.detections[k] == len(own)
        assert found.d_ece[k].item() == pytest.approx(wanted[0], abs=ROUNDING)
        assert found.la_ece[k].item() == pytest.approx(wanted[1], abs=ROUNDING)
    assert ((found.d_ece >= 0) & (found.d_ece <= 1)).all()


@pytest.mark.parametrize("case", NETCAL["cases"])
def test_d_ece_is_netcals(case: dict[str, list[float]]) -> None:
    scores, bins = case["scores"], case["bins"]
    n, groups = len(scores), 1
    group = np.zeros(n, np.int64)
    for axis in np.array(case["centres"]).reshape(n, -1).T:
        group = group * bins + np.minimum((axis * bins).astype(np.int64), bins - 1)
        groups *= bins
    counts = counts_of(
        scores, [bool(each) for each in case["correct"]], [1.0] * n, bins, group.tolist()
    )
    # Over all cells at once: one group of many bins.
    found = calibration_errors(counts.reshape(1, -1, 4), torch.tensor([case["least"]]))
    assert found.d_ece.item() == pytest.approx(case["d_ece"], abs=ROUNDING)


def test_counts_do_not_depend_on_how_detections_are_cut() -> None:
    random = np.random.default_rng(0)
    scores, ious = random.random((2, 50)).tolist()
    correct = (random.random(50) < 0.5).tolist()
    group = random.integers(0, 3, 50).tolist()
    group[0] = group[10] = 2
    whole = counts_of(scores, correct, ious, 7, group)
    parts = [counts_of(*(each[part] for each in (scores, correct, ious)), 7, group[part])
             for part in (slice(0, 10), slice(10, 50))]  # fmt: skip
    assert torch.equal(whole, parts[0] + parts[1])
