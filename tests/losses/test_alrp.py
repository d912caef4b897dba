import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import alrp_loss, self_balance
from boxgauge.losses.alrp import ALRP
from tests.losses.strategies import laws
from tests.reference import ranking as reference

Rows = list[tuple[float, int, float]]

deltas = st.sampled_from([0.01, 0.25, 0.5, 1.0, 7.0])
tied_scores = st.integers(-12, 12).map(lambda step: step / 4)
labels = st.sampled_from([0, 0, 1])
errors = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)
rows = st.lists(st.tuples(tied_scores | st.floats(-9, 9), labels, errors), max_size=30)


def columns(rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
    scores, target, error = (
        torch.tensor([row[i] for row in rows], dtype=torch.float64) for i in range(3)
    )
    return scores, target, error


def evaluate(
    scores: Tensor, target: Tensor, error: Tensor, delta: float = 1.0, weight: float = 1.0
) -> tuple[ALRP, Tensor, Tensor]:
    """Return the loss, the update of the logits and the slopes of the location errors."""
    scores, error = scores.detach().requires_grad_(), error.detach().requires_grad_()
    loss = alrp_loss(scores, target, error, delta=delta, localisation_weight=weight)
    assert all(part.shape == (1,) for part in loss)
    update, slope = torch.autograd.grad(loss.loss.sum(), (scores, error))
    return loss, update, slope


@pytest.mark.parametrize(
    ("scores", "target", "error", "parts", "update", "slope"),
    [
        pytest.param([5, 0], [1, 0], [0, 0], (0, 0), [0, 0], [1, 0], id="right-and-exact"),
        pytest.param([5, 0], [1, 0], [0.4, 9], (0, 0.4), [0, 0], [1, 0], id="right-not-exact"),
        # One negative above: the rank is 2, and the error would be 0.4 / 2 without its doing.
        pytest.param(
            [0, 5], [1, 0], [0.4, 0], (0.5, 0.2), [-0.5, 0.5], [0.5, 0], id="wrong-by-a-margin"
        ),
        pytest.param(
            [0, 0], [1, 0], [0.6, 0], (1 / 3, 0.4), [-1 / 3, 1 / 3], [2 / 3, 0], id="a-tie"
        ),
        # Ranks 1 and 3. The lower moves (1 + 0.6) / 3: the better's error counts as its own.
        pytest.param(
            [9, 0, 5],
            [1, 1, 0],
            [0.6, 0.3, 0],
            (1 / 6, 0.45),
            [0, -0.8 / 3, 0.8 / 3],
            [2 / 3, 1 / 6, 0],
            id="the-error-above-is-paid-below",
        ),
        pytest.param([3, 1], [0, 0], [1, 1], (0, 0), [0, 0], [0, 0], id="no-positives"),
        pytest.param([], [], [], (0, 0), [], [], id="no-rows"),
        pytest.param(
            [0, 5, 9], [1, 0, -1], [0, 0, 0], (0.5, 0), [-0.5, 0.5, 0], [0.5, 0, 0], id="ignored"
        ),
    ],
)
def test_worked_values(
    scores: list[float],
    target: list[float],
    error: list[float],
    parts: tuple[float, float],
    update: list[float],
    slope: list[float],
) -> None:
    inputs = (torch.tensor(column).float() for column in (scores, target, error))
    loss, of_logits, of_error = evaluate(*inputs)
    torch.testing.assert_close(torch.cat(loss), torch.tensor([sum(parts), *parts]).float())
    torch.testing.assert_close(of_logits, torch.tensor(update).float())
    torch.testing.assert_close(of_error, torch.tensor(slope).float())


@given(rows=rows, delta=deltas)
@laws
def test_equals_the_exact_loop(rows: Rows, delta: float) -> None:
    loss, update, slope = evaluate(*columns(rows), delta)
    scores, target, error = zip(*rows, strict=True) if rows else ((), (), ())
    expected = reference.alrp_loss(scores, target, error, delta)
    parts = (loss.classification.item(), loss.localisation.item())
    assert parts == pytest.approx([float(part) for part in expected[:2]], abs=1e-9)
    assert update.tolist() == pytest.approx([float(x) for x in expected[2]], abs=1e-8)
    assert slope.tolist() == pytest.approx([float(x) for x in expected[3]], abs=1e-9)


@given(rows=rows, delta=deltas)
@laws
def test_is_bounded_and_its_update_is_balanced(rows: Rows, delta: float) -> None:
    scores, target, error = columns(rows)
    loss, update, slope = evaluate(scores, target, error, delta)
    assert all(-1e-12 <= part.item() <= 1 + 1e-12 for part in loss)
    assert (update[target == 1] <= 1e-12).all()
    assert (update[target == 0] >= -1e-12).all()
    assert update.sum().item() == pytest.approx(0, abs=1e-9)
    # The localisation part is linear in the errors.
    assert (slope * error).sum().item() == pytest.approx(loss.localisation.item(), abs=1e-9)


@given(rows=rows, delta=deltas, shift=st.floats(-5, 5), scale=st.sampled_from([0.5, 2.0, 4.0]))
@laws
def test_only_differences_in_units_of_delta_matter(
    rows: Rows, delta: float, shift: float, scale: float
) -> None:
    scores, target, error = columns(rows)
    moved, _, _ = evaluate((scores + shift) * scale, target, error, delta * scale)
    still, _, _ = evaluate(scores, target, error, delta)
    torch.testing.assert_close(torch.cat(moved), torch.cat(still), atol=1e-9, rtol=0)


@given(rows=rows, delta=deltas, rise=st.floats(0, 5))
@laws
def test_raising_all_positives_never_costs(rows: Rows, delta: float, rise: float) -> None:
    scores, target, error = columns(rows)
    before, _, _ = evaluate(scores, target, error, delta)
    after, _, _ = evaluate(scores + rise * (target == 1), target, error, delta)
    assert after.classification.item() <= before.classification.item() + 1e-9


@given(rows=rows, delta=deltas)
@laws
def test_the_localisation_part_has_its_derivative(rows: Rows, delta: float) -> None:
    scores, target, error = columns(rows)
    error.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda e: alrp_loss(scores, target, e, delta=delta).localisation, (error,)
    )


def test_perfect_location_leaves_the_error_of_precision() -> None:
    rng = torch.Generator().manual_seed(3)
    scores = 3 * torch.randn(60, generator=rng, dtype=torch.float64)
    target = (torch.rand(60, generator=rng) < 0.3).double()
    loss, update, _ = evaluate(scores, target, torch.zeros(60).double(), 0.5)
    positives = target == 1
    ramp = ((scores - scores[positives, None]) + 0.5).clamp(0, 1)
    false = ramp[:, target == 0].sum(1)
    precision_error = (false / (false + ramp[:, positives].sum(1) + 0.5)).sum() / positives.sum()
    assert loss.loss.item() == pytest.approx(precision_error.item())
    assert update[target == 0].sum().item() == pytest.approx(loss.loss.item())


def test_the_weight_scales_what_the_boxes_get_and_nothing_else() -> None:
    inputs = columns([(0.0, 1, 0.4), (0.3, 0, 0.0), (2.0, 1, 0.2)])
    loss, update, slope = evaluate(*inputs)
    heavier, same_update, heavier_slope = evaluate(*inputs, weight=3.0)
    torch.testing.assert_close(heavier.loss, loss.classification + 3 * loss.localisation)
    torch.testing.assert_close(same_update, update)
    torch.testing.assert_close(heavier_slope, 3 * slope)


def test_self_balance_is_the_whole_over_the_localisation() -> None:
    loss, _, _ = evaluate(*columns([(0.0, 1, 0.4), (5.0, 0, 0.0)]))
    assert self_balance(loss).item() == pytest.approx(0.7 / 0.2)
    none, _, _ = evaluate(*columns([(0.0, 0, 0.4)]))
    assert self_balance(none).item() == 1.0


def test_what_negatives_carry_as_error_counts_for_nothing() -> None:
    scores, target, error = columns([(0.0, 1, 0.4), (0.3, 0, 0.0), (2.0, 1, 0.2)])
    expected, _, _ = evaluate(scores, target, error)
    loss, update, slope = evaluate(scores, target, error.where(target == 1, math.nan))
    torch.testing.assert_close(loss.loss, expected.loss)
    assert update.isfinite().all()
    assert slope[1].item() == 0.0


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([-1e4, 1e4, 0.0, 1e-30]) | st.floats(-1e4, 1e4, width=32),
            labels,
            st.floats(0, 1, width=32),
        )
    ),
    delta=st.sampled_from([1e-6, 0.5, 1e4]),
)
@laws
def test_hostile_logits_stay_finite_and_bounded(rows: Rows, delta: float) -> None:
    scores, target, error = (column.float() for column in columns(rows))
    loss, update, slope = evaluate(scores, target, error, delta)
    assert all(-1e-6 <= part.item() <= 1 + 1e-6 for part in loss)
    assert (update.abs() <= 1 + 1e-6).all()
    assert ((slope >= -1e-6) & (slope <= 1 + 1e-6)).all()


def test_half_precision_is_ranked_in_double() -> None:
    scores = torch.tensor([0.0, 0.5], dtype=torch.float16, requires_grad=True)
    error = torch.tensor([0.5, 0.0], dtype=torch.float16, requires_grad=True)
    loss = alrp_loss(scores, torch.tensor([1.0, 0.0]), error)
    assert loss.loss.dtype == torch.float32
    assert loss.classification.item() == pytest.approx(3 / 7)
    loss.loss.sum().backward()
    assert scores.grad is not None
    assert scores.grad.dtype == torch.float16


def test_options_that_mean_nothing_are_refused() -> None:
    nothing = torch.zeros(1)
    with pytest.raises(ValueError, match=r"delta must be in \[1e-6, 1e6\]: got 0\.0"):
        alrp_loss(nothing, nothing, nothing, delta=0.0)
    with pytest.raises(ValueError, match=r"localisation_weight must be in \[0, 1e6\]: got -1\.0"):
        alrp_loss(nothing, nothing, nothing, localisation_weight=-1.0)
