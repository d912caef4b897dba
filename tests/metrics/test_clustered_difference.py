"""The test of clustered counts: its parts against plain numpy, its level, its limits."""

import numpy as np
import pytest
import torch
from scipy import stats

from boxgauge.metrics import ClusteredDifference, clustered_difference

GROUPS, BINS = 32, 12


def measure(
    p: np.ndarray[tuple[int, int], np.dtype[np.int64]],
    q: np.ndarray[tuple[int, int], np.dtype[np.int64]],
    *,
    ordered: bool,
) -> ClusteredDifference:
    return clustered_difference(
        torch.from_numpy(p)[None], torch.from_numpy(q)[None], torch.tensor([ordered])
    )


def p_value(found: ClusteredDifference) -> float:
    ratio, numerator, denominator = (each.item() for each in found[:3])
    return float(stats.f.sf(ratio, numerator, denominator))


def clustered(
    draw: np.random.Generator, clusters: int, spread: float, shift: float = 0.0
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return counts of clusters of 30 rows, whose middle has the given spread."""
    counts = np.zeros((GROUPS, BINS), np.int64)
    for _ in range(clusters):
        rows = draw.normal(shift + draw.normal(0, spread), 1, 30)
        bins = np.clip(np.floor(rows * 2 + BINS / 2), 0, BINS - 1).astype(int)
        np.add.at(counts[draw.integers(GROUPS)], bins, 1)
    return counts


@pytest.mark.parametrize("ordered", [True, False])
def test_the_mean_without_drift_is_that_of_leaving_out_groups(ordered: bool) -> None:
    draw = np.random.default_rng(3)
    p, q = clustered(draw, 60, 0.7) + 1, clustered(draw, 40, 0.7) + 1
    sides = []
    for side in (p, q):
        shares = side.sum(0) / side.sum()
        part = side.sum(1) / side.sum()
        rest = side.sum(0) - side
        moved = rest / rest.sum(1, keepdims=True) - shares
        sides.append((shares, moved * np.sqrt(1 - (part**2).sum())))
    h = (sides[0][0] + sides[1][0]) / 2
    upto = np.cumsum(h)[:-1]
    weight = np.append(h[:-1] / (upto * (1 - upto)), 0) if ordered else 1 / h
    rows = [np.cumsum(each, -1) if ordered else each for _, each in sides]
    difference = sides[1][0] - sides[0][0]
    difference = np.cumsum(difference) if ordered else difference
    covariance = sum(each.T @ each for each in rows) * np.sqrt(np.outer(weight, weight))
    distance, mean = (weight * difference**2).sum(), np.trace(covariance)

    found = measure(p, q, ordered=ordered)
    # The ratio is moved and stretched so that it has the F distribution's mean and spread.
    free = 1 / sum(
        (np.trace((each.T @ each) * np.sqrt(np.outer(weight, weight))) / mean) ** 2
        / (1 / ((side.sum(1) / side.sum()) ** 2).sum() - 1)
        for each, side in zip(rows, (p, q), strict=True)
    )
    biased = np.trace(covariance @ covariance) / mean**2
    squares = free**2 / ((free - 1) * (free + 2)) * (biased - 1 / free)
    stretch = np.sqrt(squares * found.numerator.item())
    assert found.ratio.item() == pytest.approx(1 + (distance / mean - 1) / stretch, rel=1e-9)
    expected = free * max(1 / squares - 3, 1)
    assert found.denominator.item() == pytest.approx(expected, rel=1e-9)
    assert 1 <= found.numerator.item() <= BINS


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_false_alarms_are_as_many_as_asked_for(ordered: bool, spread: float) -> None:
    draw = np.random.default_rng(11)
    runs, level = 400, 0.05
    pairs = [(clustered(draw, 60, spread), clustered(draw, 40, spread)) for _ in range(runs)]
    p, q = (torch.from_numpy(np.stack(side)) for side in zip(*pairs, strict=True))
    found = clustered_difference(p, q, torch.full((runs,), ordered))
    alarms = stats.f.sf(*(each.numpy() for each in found[:3])) < level
    # Four standard deviations around the level.
    assert abs(alarms.mean() - level) < 4 * np.sqrt(level * (1 - level) / runs)


def test_taking_rows_as_independent_alarms_most_of_the_time() -> None:
    draw = np.random.default_rng(11)
    naive = [
        stats.chi2_contingency(
            np.stack([clustered(draw, 60, 1.0).sum(0), clustered(draw, 40, 1.0).sum(0)]) + 1
        ).pvalue
        for _ in range(40)
    ]
    assert np.mean(np.array(naive) < 0.05) > 0.5


@pytest.mark.parametrize("ordered", [True, False])
def test_a_shift_is_found(ordered: bool) -> None:
    draw = np.random.default_rng(2)
    p, q = clustered(draw, 60, 0.3), clustered(draw, 60, 0.3, shift=0.6)
    assert p_value(measure(p, q, ordered=ordered)) < 1e-4


def test_one_group_no_counts_and_no_variation_are_undefined() -> None:
    many = clustered(np.random.default_rng(0), 40, 0.5)
    one = np.zeros_like(many)
    one[3] = 5
    for p, q in (
        (many, one),
        (one, many),
        (many, many * 0),
        (many * 0, many * 0),
        (many * 0 + 2, many * 0 + 2),
    ):
        found = measure(p, q, ordered=True)
        assert not found.defined.item()
        assert found.ratio.item() == 0


def test_unused_bins_and_groups_change_nothing() -> None:
    draw = np.random.default_rng(5)
    p, q = clustered(draw, 60, 0.5), clustered(draw, 40, 0.5)
    for ordered in (True, False):
        bare = measure(p, q, ordered=ordered)
        padded = measure(np.pad(p, [(0, 3), (0, 2)]), np.pad(q, [(0, 0), (0, 2)]), ordered=ordered)
        for one, other in zip(bare, padded, strict=True):
            torch.testing.assert_close(one, other)
