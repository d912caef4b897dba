import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import ap_loss
from tests.losses.strategies import gradient, laws
from tests.reference import ranking as reference

Rows = list[tuple[float, int]]

deltas = st.sampled_from([0.01, 0.25, 0.5, 1.0, 7.0])
# A coarse grid makes ties, and rivals exactly on the edge of the ramp, frequent.
tied_scores = st.integers(-12, 12).map(lambda step: step / 4)
labels = st.sampled_from([0, 0, 1])
rows = st.lists(st.tuples(tied_scores | st.floats(-9, 9), labels), max_size=40)


def loss_and_update(scores: Tensor, target: Tensor, delta: float) -> tuple[Tensor, Tensor]:
    scores = scores.detach().requires_grad_()
    loss = ap_loss(scores, target, delta=delta)
    assert loss.shape == (1,)
    return loss.detach(), gradient(loss, scores)


def columns(rows: Rows) -> tuple[Tensor, Tensor]:
    scores, target = [s for s, _ in rows], [t for _, t in rows]
    return torch.tensor(scores, dtype=torch.float64), torch.tensor(target, dtype=torch.float64)


@pytest.mark.parametrize(
    ("scores", "target", "expected", "update"),
    [
        pytest.param([0, 0], [1, 0], 1 / 3, [-1 / 3, 1 / 3], id="a-tie-is-half-above"),
        pytest.param([5, 0], [1, 0], 0, [0, 0], id="right-by-a-margin"),
        pytest.param([0, 5], [1, 0], 1 / 2, [-1 / 2, 1 / 2], id="wrong-by-a-margin"),
        pytest.param([0, 0.25], [1, 0], 3 / 7, [-3 / 7, 3 / 7], id="on-the-ramp"),
        pytest.param([0, 0.5], [1, 0], 1 / 2, [-1 / 2, 1 / 2], id="end-of-the-ramp"),
        pytest.param([0, 5, 5], [1, 0, 0], 2 / 3, [-2 / 3, 1 / 3, 1 / 3], id="two-negatives-share"),
        pytest.param(
            [0, 10, 5], [1, 1, 0], 1 / 6, [-1 / 6, 0, 1 / 6], id="mean-over-the-positives"
        ),
        pytest.param(
            [0, 10, 20], [1, 1, 0], 1 / 3, [-1 / 6, -1 / 6, 1 / 3], id="interpolated-from-1/2"
        ),
        pytest.param([3, 1], [1, 1], 0, [0, 0], id="no-negatives"),
        pytest.param([3, 1], [0, 0], 0, [0, 0], id="no-positives"),
        pytest.param([], [], 0, [], id="no-rows"),
        pytest.param([0, 5, 9], [1, 0, -1], 1 / 2, [-1 / 2, 1 / 2, 0], id="ignored-row"),
    ],
)
def test_worked_values(
    scores: list[float], target: list[float], expected: float, update: list[float]
) -> None:
    actual = loss_and_update(torch.tensor(scores).float(), torch.tensor(target).float(), 0.5)
    torch.testing.assert_close(actual[0], torch.tensor([expected]).float())
    torch.testing.assert_close(actual[1], torch.tensor(update).float())


@given(rows=rows, delta=deltas)
@laws
def test_equals_the_loop_over_positives(rows: Rows, delta: float) -> None:
    scores, target = columns(rows)
    loss, update = loss_and_update(scores, target, delta)
    expected, expected_update = reference.ap_loss(scores.tolist(), [t for _, t in rows], delta)
    assert loss.item() == pytest.approx(expected, abs=1e-9)
    torch.testing.assert_close(update.tolist(), expected_update, atol=1e-9, rtol=0)


@pytest.mark.parametrize("delta", [0.01, 0.5, 2.0])
@pytest.mark.parametrize("grid", [None, 0.5], ids=["continuous", "tied"])
def test_equals_the_loop_over_positives_on_200_rows(delta: float, grid: float | None) -> None:
    rng = torch.Generator().manual_seed(5)
    scores = 3 * torch.randn(200, generator=rng, dtype=torch.float64)
    if grid is not None:
        scores = (scores / grid).round() * grid
    target = torch.randint(-1, 2, (200,), generator=rng)
    loss, update = loss_and_update(scores, target.double(), delta)
    expected, expected_update = reference.ap_loss(scores.tolist(), target.tolist(), delta)
    assert loss.item() == pytest.approx(expected, abs=1e-12)
    torch.testing.assert_close(update.tolist(), expected_update, atol=1e-10, rtol=0)


@given(rows=rows, delta=deltas)
@laws
def test_the_update_is_balanced_and_pays_the_loss(rows: Rows, delta: float) -> None:
    scores, target = columns(rows)
    loss, update = loss_and_update(scores, target, delta)
    assert -1e-12 <= loss.item() < 1
    assert (update[target == 1] <= 1e-12).all()
    assert (update[target == 0] >= 0).all()
    assert update[target == 0].sum().item() == pytest.approx(loss.item(), abs=1e-9)
    assert update.sum().item() == pytest.approx(0, abs=1e-9)


@given(rows=rows, delta=deltas, shift=st.floats(-5, 5), scale=st.sampled_from([0.5, 2.0, 4.0]))
@laws
def test_only_differences_in_units_of_delta_matter(
    rows: Rows, delta: float, shift: float, scale: float
) -> None:
    scores, target = columns(rows)
    moved = loss_and_update((scores + shift) * scale, target, delta * scale)
    for actual, expected in zip(moved, loss_and_update(scores, target, delta), strict=True):
        torch.testing.assert_close(actual, expected, atol=1e-9, rtol=0)


@given(rows=rows, delta=deltas, seed=st.integers(0, 99))
@laws
def test_the_order_of_rows_does_not_matter(rows: Rows, delta: float, seed: int) -> None:
    scores, target = columns(rows)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    loss, update = loss_and_update(scores, target, delta)
    loss_shuffled, update_shuffled = loss_and_update(scores[order], target[order], delta)
    torch.testing.assert_close(loss_shuffled, loss)
    torch.testing.assert_close(update_shuffled, update[order], atol=1e-9, rtol=0)


@given(
    rows=st.lists(
        st.tuples(st.sampled_from([-1e4, 1e4, 0.0, 1e-30]) | st.floats(-1e4, 1e4, width=32), labels)
    ),
    delta=st.sampled_from([1e-6, 0.5, 1e4]),
)
@laws
def test_hostile_logits_stay_finite_and_bounded(rows: Rows, delta: float) -> None:
    scores, target = columns(rows)
    loss, update = loss_and_update(scores.float(), target.float(), delta)
    assert -1e-6 <= loss.item() <= 1
    assert (update.abs() <= 1 + 1e-6).all()


def test_the_update_is_scaled_by_what_comes_from_above() -> None:
    scores = torch.tensor([0.0, 0.0], requires_grad=True)
    update = gradient(3 * ap_loss(scores, torch.tensor([1.0, 0.0])), scores)
    torch.testing.assert_close(update, torch.tensor([-1.0, 1.0]))


def test_following_the_update_ranks_every_positive_first() -> None:
    rng = torch.Generator().manual_seed(1)
    scores = torch.randn(40, generator=rng).requires_grad_()
    target = (torch.arange(40) % 4 == 0).float()
    optimizer = torch.optim.SGD([scores], lr=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        ap_loss(scores, target).sum().backward()
        optimizer.step()
    assert scores[target == 1].min() > scores[target == 0].max()


def test_half_precision_is_ranked_in_double() -> None:
    scores = torch.tensor([0.0, 0.25], dtype=torch.float16, requires_grad=True)
    loss = ap_loss(scores, torch.tensor([1.0, 0.0]))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(3 / 7)
    assert gradient(loss, scores).dtype == torch.float16


@pytest.mark.parametrize("delta", [0.0, -1.0])
def test_a_delta_that_is_not_positive_is_refused(delta: float) -> None:
    with pytest.raises(ValueError, match=rf"delta must be in \[1e-6, 1e6\]: got {delta}"):
        ap_loss(torch.zeros(1), torch.zeros(1), delta=delta)
