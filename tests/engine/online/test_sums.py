"""Sums over images: whatever the runs, and how long labels took."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.engine.matches import FIXED_POINT
from boxgauge.engine.online.loss_graphs import LOSS_EDGES
from boxgauge.engine.online.observed import DELAY_ENDS_US, ImageColumns, Sources
from boxgauge.engine.online.sums import WindowSums, sums_of


def columns_of(delays_us: list[int], seed: int = 0) -> ImageColumns:
    """Return images with these delays, and losses of every sign and size."""
    draw, n = np.random.default_rng(seed), len(delays_us)
    bins = draw.integers(0, 300, (n, 2, len(LOSS_EDGES))).astype(np.uint16)
    values = draw.integers(-(2**62), 2**62, (n, 2))
    numbers = np.stack(
        [values >> 32, values & 0xFFFFFFFF, bins.sum(axis=2), draw.integers(0, 3, (n, 2))], axis=2
    )
    return replace(
        ImageColumns.empty(2),
        counts=draw.integers(0, 50, (n, 3)),
        sums=draw.integers(0, 2**62, (n, 6)),
        errors=draw.integers(0, 9, n),
        delays_us=np.array(delays_us, np.int64),
        first_loss=draw.random(n),
        loss_numbers=numbers.astype(np.int64),
        loss_bins=bins,
        groups=draw.integers(0, 32, n).astype(np.uint8),
        sources=draw.integers(0, 17, n).astype(np.uint8),
    )


DELAYS = st.lists(st.integers(0, 10**16), min_size=1, max_size=40)


@given(delays=DELAYS, seed=st.integers(0, 2**31), cut=st.integers(0, 40))
def test_sums_of_parts_add_up_and_are_taken_away_exactly(
    delays: list[int], seed: int, cut: int
) -> None:
    columns = columns_of(delays, seed)
    (whole,) = sums_of(columns)
    rows = np.random.default_rng(seed).permutation(len(delays))
    parts = [sums_of(columns.take(each))[0] for each in np.split(rows, [cut])]
    joined = parts[1].plus(parts[0])
    for found in (joined, joined.plus(parts[0]).minus(parts[0])):
        assert found is not None
        np.testing.assert_array_equal(found.counts, whole.counts)
        assert found.totals(np.zeros((1, 1), np.int64)).sums == tuple(
            sum(column) for column in columns.sums.T.tolist()
        )
        for k, loss in enumerate(found.losses(("a", "b"))):
            values = [(h << 32) + low for h, low in columns.loss_numbers[:, k, :2].tolist()]
            assert loss.count == int(columns.loss_bins[:, k].sum(dtype=np.int64))
            assert loss.mean == (sum(values) / FIXED_POINT / loss.count if loss.count else None)
            np.testing.assert_array_equal(loss.counts, columns.loss_bins[:, k].sum(axis=0))
    if len(parts[0].counts) and parts[0].images:
        assert parts[1].minus(whole) is None


@given(delays=DELAYS, seed=st.integers(0, 2**31))
def test_runs_are_summed_as_if_each_came_alone(delays: list[int], seed: int) -> None:
    columns = columns_of(delays, seed)
    draw = np.random.default_rng(seed)
    images = draw.integers(0, len(delays), 20)
    starts = np.array([0, *sorted(set(draw.integers(1, 20, 3).tolist()))])
    found = sums_of(columns, images, starts)
    for run, sums in zip(np.split(images, starts[1:]), found, strict=True):
        (alone,) = sums_of(columns.take(run))
        np.testing.assert_array_equal(sums.numbers, alone.numbers)
        np.testing.assert_array_equal(sums.counts, alone.counts)


@given(delays=DELAYS)
def test_delays_are_exact_in_the_mean_and_quantiles_are_ends_of_their_bins(
    delays: list[int],
) -> None:
    (sums,) = sums_of(columns_of(delays))
    found = sums.delay()
    assert found is not None
    assert found.count == len(delays)
    assert found.mean_s == sum(delays) / len(delays) / 1e6
    for share, shown in ((0.5, found.median_s), (0.95, found.p95_s)):
        exact = sorted(delays)[int(np.ceil(share * len(delays) - 1e-9)) - 1]
        if exact > DELAY_ENDS_US[-1]:
            assert shown == DELAY_ENDS_US[-1] / 1e6
        else:
            assert exact / 1e6 <= shown <= max(1.0, exact / 1e6 * 1.19)


def test_nothing_is_said_of_no_images() -> None:
    empty = WindowSums.empty(1)
    (none,) = sums_of(ImageColumns.empty(1))
    assert none.delay() is empty.delay() is None
    assert none.losses(("a",))[0].mean is None
    assert none.sources(()) == ()


def test_the_seventeenth_source_shares_its_number_with_all_later_ones() -> None:
    sources = Sources()
    codes = [sources.code(f"s{k}") for k in range(20)]
    assert codes == [*range(16), 16, 16, 16, 16]
    assert sources.code("s3") == 3
    assert sources.code("__other__") == 16
    assert Sources(sources.names).code("s19") == 16


@pytest.mark.parametrize("seconds", [0, 1, 60, 86_400])
def test_a_bin_of_delays_has_its_upper_end(seconds: int) -> None:
    (sums,) = sums_of(columns_of([seconds * 1_000_000] * 3))
    found = sums.delay()
    assert found is not None
    assert found.median_s >= seconds
