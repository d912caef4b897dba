import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import rank_sort_loss
from boxgauge.losses.rank_sort import RankSort
from tests.losses.strategies import laws
from tests.reference import ranking as reference

Rows = list[tuple[float, float]]

deltas = st.sampled_from([0.01, 0.25, 0.5, 1.0, 7.0])
tied_scores = st.integers(-12, 12).map(lambda step: step / 4)
# Ties in quality are frequent too, and a row below 0 is ignored.
qualities = st.sampled_from([0.0, 0.0, 0.0, -1.0, 0.5, 0.75, 1.0]) | st.floats(0.01, 1)
rows = st.lists(st.tuples(tied_scores | st.floats(-9, 9), qualities), max_size=30)


def columns(rows: Rows) -> tuple[Tensor, Tensor]:
    scores, quality = (
        torch.tensor([row[i] for row in rows], dtype=torch.float64) for i in range(2)
    )
    return scores, quality


def evaluate(
    scores: Tensor, quality: Tensor, delta: float = 0.5
) -> tuple[RankSort, Tensor, Tensor]:
    """Return the loss, and the updates for ranking and for sorting."""
    scores = scores.detach().requires_grad_()
    loss = rank_sort_loss(scores, quality, delta=delta)
    assert all(part.shape == (1,) for part in loss)
    (whole,) = torch.autograd.grad(loss.loss.sum(), scores, retain_graph=True)
    (to_rank,) = torch.autograd.grad(loss.ranking.sum(), scores, retain_graph=True)
    (to_sort,) = torch.autograd.grad(loss.sorting.sum(), scores)
    torch.testing.assert_close(whole, to_rank + to_sort)
    return loss, to_rank, to_sort


@pytest.mark.parametrize(
    ("scores", "quality", "parts", "to_rank", "to_sort"),
    [
        pytest.param([5, 0], [0.8, 0], (0, 0), [0, 0], [0, 0], id="right-by-a-margin"),
        # The positive counts itself as 1/2, so one negative above is two thirds of its rank.
        pytest.param([0, 5], [0.8, 0], (2 / 3, 0), [-2 / 3, 2 / 3], [0, 0], id="wrong-by-a-margin"),
        pytest.param([0, 0], [0.8, 0], (1 / 2, 0), [-1 / 2, 1 / 2], [0, 0], id="a-tie"),
        pytest.param([5, 0], [0.9, 0.4], (0, 0), [0, 0], [0, 0], id="sorted"),
        # Above the better one: itself (1/2, 0.1) and the worse (1, 0.6), so 0.65 / 1.5 - 0.1.
        pytest.param(
            [0, 5], [0.9, 0.4], (0, 1 / 6), [0, 0], [-1 / 6, 1 / 6], id="missorted-by-a-margin"
        ),
        # A tie: 0.35 - 0.1.
        pytest.param([0, 0], [0.9, 0.4], (0, 1 / 8), [0, 0], [-1 / 8, 1 / 8], id="missorted-tie"),
        pytest.param([0, 5], [0.9, 0.9], (0, 0), [0, 0], [0, 0], id="equal-quality"),
        pytest.param([3, 1], [0, 0], (0, 0), [0, 0], [0, 0], id="no-positives"),
        pytest.param([], [], (0, 0), [], [], id="no-rows"),
        pytest.param(
            [0, 5, 9], [0.8, 0, -1], (2 / 3, 0), [-2 / 3, 2 / 3, 0], [0, 0, 0], id="ignored"
        ),
    ],
)
def test_worked_values(
    scores: list[float],
    quality: list[float],
    parts: tuple[float, float],
    to_rank: list[float],
    to_sort: list[float],
) -> None:
    loss, *updates = evaluate(torch.tensor(scores).float(), torch.tensor(quality).float())
    torch.testing.assert_close(torch.cat(loss), torch.tensor([sum(parts), *parts]).float())
    for update, expected in zip(updates, (to_rank, to_sort), strict=True):
        torch.testing.assert_close(update, torch.tensor(expected).float())


@given(rows=rows, delta=deltas)
@laws
def test_equals_the_exact_loop(rows: Rows, delta: float) -> None:
    assert_equals_the_exact_loop(*columns(rows), delta)


@pytest.mark.parametrize("delta", [0.01, 0.5, 2.0])
@pytest.mark.parametrize("quality_grid", [None, 0.2], ids=["continuous", "tied"])
def test_equals_the_exact_loop_on_100_rows(delta: float, quality_grid: float | None) -> None:
    rng = torch.Generator().manual_seed(5)
    scores = (6 * torch.randn(100, generator=rng)).round().double() / 2
    quality = 1 - torch.rand(100, generator=rng, dtype=torch.float64)
    if quality_grid is not None:
        quality = (quality / quality_grid).ceil() * quality_grid
    assert_equals_the_exact_loop(scores, quality * (torch.rand(100, generator=rng) < 0.5), delta)


def assert_equals_the_exact_loop(scores: Tensor, quality: Tensor, delta: float) -> None:
    loss, to_rank, to_sort = evaluate(scores, quality, delta)
    expected = reference.rank_sort_loss(scores.tolist(), quality.tolist(), delta)
    parts = (loss.ranking.item(), loss.sorting.item())
    assert parts == pytest.approx([float(part) for part in expected[:2]], abs=1e-9)
    assert to_rank.tolist() == pytest.approx([float(x) for x in expected[2]], abs=1e-9)
    assert to_sort.tolist() == pytest.approx([float(x) for x in expected[3]], abs=1e-9)


@given(rows=rows, delta=deltas)
@laws
def test_is_bounded_and_its_updates_are_balanced(rows: Rows, delta: float) -> None:
    scores, quality = columns(rows)
    loss, to_rank, to_sort = evaluate(scores, quality, delta)
    assert 0 <= loss.ranking.item() < 1
    assert 0 <= loss.sorting.item() < 1
    assert (to_rank[quality > 0] <= 0).all()
    assert (to_rank[quality == 0] >= 0).all()
    assert (to_sort[quality <= 0] == 0).all()
    assert to_rank[quality == 0].sum().item() == pytest.approx(loss.ranking.item(), abs=1e-9)
    assert to_rank.sum().item() == pytest.approx(0, abs=1e-9)
    assert to_sort.sum().item() == pytest.approx(0, abs=1e-9)


@given(rows=rows, delta=deltas, shift=st.floats(-5, 5), scale=st.sampled_from([0.5, 2.0, 4.0]))
@laws
def test_only_differences_in_units_of_delta_matter(
    rows: Rows, delta: float, shift: float, scale: float
) -> None:
    scores, quality = columns(rows)
    moved, _, _ = evaluate((scores + shift) * scale, quality, delta * scale)
    still, _, _ = evaluate(scores, quality, delta)
    torch.testing.assert_close(torch.cat(moved), torch.cat(still), atol=1e-9, rtol=0)


@given(rows=rows, delta=deltas, rise=st.floats(0, 5))
@laws
def test_raising_all_positives_never_costs(rows: Rows, delta: float, rise: float) -> None:
    scores, quality = columns(rows)
    before, _, _ = evaluate(scores, quality, delta)
    after, _, _ = evaluate(scores + rise * (quality > 0), quality, delta)
    assert after.ranking.item() <= before.ranking.item() + 1e-9
    assert after.sorting.item() == pytest.approx(before.sorting.item(), abs=1e-9)


@given(rows=rows, delta=deltas, quality=st.floats(0.1, 1))
@laws
def test_positives_located_alike_need_no_sorting(rows: Rows, delta: float, quality: float) -> None:
    scores, mixed = columns(rows)
    loss, _, to_sort = evaluate(scores, mixed.where(mixed <= 0, quality), delta)
    assert loss.sorting.item() == pytest.approx(0, abs=1e-12)
    assert to_sort.abs().sum().item() == pytest.approx(0, abs=1e-9)


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([-1e4, 1e4, 0.0, 1e-30]) | st.floats(-1e4, 1e4, width=32),
            st.sampled_from([0.0, -1.0, 1.0, 2.0, 1e-30]) | st.floats(0, 1, width=32),
        )
    ),
    delta=st.sampled_from([1e-6, 0.5, 1e4]),
)
@laws
def test_hostile_logits_stay_finite_and_bounded(rows: Rows, delta: float) -> None:
    scores, quality = (column.float() for column in columns(rows))
    loss, to_rank, to_sort = evaluate(scores, quality, delta)
    assert 0 <= loss.ranking.item() <= 1
    assert 0 <= loss.sorting.item() <= 1
    assert (to_rank.abs() <= 1 + 1e-6).all()
    assert (to_sort.abs() <= 1 + 1e-6).all()


def test_following_the_update_ranks_and_sorts() -> None:
    rng = torch.Generator().manual_seed(1)
    scores = torch.randn(40, generator=rng).requires_grad_()
    quality = (torch.arange(40) % 4 == 0) * (0.3 + torch.arange(40) / 80)
    optimizer = torch.optim.SGD([scores], lr=2.0)
    for _ in range(300):  # three times as many as it takes
        optimizer.zero_grad()
        rank_sort_loss(scores, quality).loss.sum().backward()
        optimizer.step()
    assert scores[quality > 0].min() > scores[quality == 0].max()
    assert (scores[quality > 0].diff() > 0).all()


def test_half_precision_is_ranked_in_double() -> None:
    scores = torch.tensor([0.0, 5.0], dtype=torch.float16, requires_grad=True)
    loss = rank_sort_loss(scores, torch.tensor([1.0, 0.0])).loss
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(2 / 3)
    loss.sum().backward()
    assert scores.grad is not None
    assert scores.grad.dtype == torch.float16


def test_bad_options_and_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"delta must be in \[1e-6, 1e6\]: got -1\.0"):
        rank_sort_loss(torch.zeros(1), torch.zeros(1), delta=-1.0)
    many = torch.ones(1).expand(2**20 + 1)
    with pytest.raises(ValueError, match="at most 1048576 positives can be sorted: got 1048577"):
        rank_sort_loss(many, many)
