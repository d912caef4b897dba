"""Distances of two histograms: worked values, scipy's, plain loops, and laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from boxgauge.metrics import DistributionDistances, distribution_distances
from tests.reference import distributions as reference

BINS = 6
counts = st.lists(st.integers(0, 9), min_size=BINS, max_size=BINS).filter(any)
widths = st.lists(st.sampled_from([0.0, 0.25, 1.0, 3.0]), min_size=BINS, max_size=BINS)


def measure(p: list[int], q: list[int], w: list[float]) -> DistributionDistances:
    return distribution_distances(
        torch.tensor([p]), torch.tensor([q]), torch.tensor([w], dtype=torch.float64)
    )


def test_worked_values() -> None:
    found = measure([3, 1, 0], [1, 1, 2], [1.0, 1.0, 1.0])
    assert found.ks.item() == 0.5
    # Shares of 3/4, 1/4, 0 and 1/4, 1/4, 1/2: half of all moves over the second bin.
    assert found.wasserstein.item() == 0.25 + 0.5 + 0.25
    js = (0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5) + 0.5 * math.log(2)) / 2
    assert found.jensen_shannon.item() == pytest.approx(js, abs=1e-15)
    smooth = [(3.5, 1.5), (1.5, 1.5), (0.5, 2.5)]
    psi = sum((q - p) / 5.5 * math.log(q / p) for p, q in smooth)
    assert found.psi.item() == pytest.approx(psi, abs=1e-15)


@settings(max_examples=200, deadline=None)
@given(p=counts, q=counts, w=widths)
def test_agrees_with_plain_loops(p: list[int], q: list[int], w: list[float]) -> None:
    found = measure(p, q, w)
    assert found.psi.item() == pytest.approx(reference.psi(p, q), abs=1e-12)
    assert found.ks.item() == pytest.approx(reference.kolmogorov_smirnov(p, q), abs=1e-12)
    js = max(reference.jensen_shannon(p, q), 0.0)
    assert found.jensen_shannon.item() == pytest.approx(js, abs=1e-12)
    area = reference.wasserstein(p, q, w, steps=200)
    assert found.wasserstein.item() == pytest.approx(area, abs=2e-4)


@settings(max_examples=100, deadline=None)
@given(p=counts, q=counts)
def test_agrees_with_scipy(p: list[int], q: list[int]) -> None:
    found = measure(p, q, [1.0] * BINS)
    js = distance.jensenshannon(p, q) ** 2
    assert found.jensen_shannon.item() == pytest.approx(js, abs=1e-12)
    # Mass spread over many points of each bin is what the bins' even spread comes to.
    points = (np.arange(BINS * 400) + 0.5) / 400
    area = stats.wasserstein_distance(
        points, points, np.repeat(p, 400) / 400, np.repeat(q, 400) / 400
    )
    assert found.wasserstein.item() == pytest.approx(area, abs=3e-3)


@settings(max_examples=100, deadline=None)
@given(p=counts, q=counts, w=widths, times=st.integers(1, 1000))
def test_is_symmetric_bounded_and_blind_to_the_number(
    p: list[int], q: list[int], w: list[float], times: int
) -> None:
    found, back = measure(p, q, w), measure(q, p, w)
    for one, other in zip(found, back, strict=True):
        torch.testing.assert_close(one, other)
    assert 0 <= found.ks.item() <= 1 + 1e-12
    assert 0 <= found.jensen_shannon.item() <= math.log(2) + 1e-12
    assert found.wasserstein.item() <= sum(w) + 1e-12
    more = measure([each * times for each in p], [each * times for each in q], w)
    # Half a count that PSI adds weighs less where there are more.
    for one, other in zip(found[1:], more[1:], strict=True):
        torch.testing.assert_close(one, other)
    same = measure(p, [each * times for each in p], w)
    assert max(each.item() for each in same[1:4]) < 1e-12


def test_an_empty_side_has_no_distance_and_says_so() -> None:
    for p, q in (([0, 0], [1, 2]), ([1, 2], [0, 0]), ([0, 0], [0, 0])):
        found = measure(p, q, [1.0, 1.0])
        assert not found.defined.item()
        assert [each.item() for each in found[:4]] == [0, 0, 0, 0]


def test_unused_bins_change_nothing() -> None:
    bare, padded = measure([3, 1], [1, 4], [1.0, 2.0]), measure([3, 1, 0], [1, 4, 0], [1.0, 2.0, 5])
    for one, other in zip(bare, padded, strict=True):
        torch.testing.assert_close(one, other)
