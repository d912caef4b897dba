"""Smooth-AP and soft average precision: the same ranking, with matches of 1 and of IoU."""

from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import smooth_ap_loss, soft_average_precision_loss
from tests.losses.strategies import gradient, laws, probabilities
from tests.reference import soft_precision as reference

Rows = list[tuple[float, int, float]]
Loss = Callable[..., Tensor]

tied_logits = st.integers(-8, 8).map(lambda step: step / 2)
labels = st.sampled_from([0, 0, 1, -1])
rows = st.lists(st.tuples(tied_logits | st.floats(-9, 9), labels, probabilities()), max_size=20)
temperatures = st.sampled_from([0.01, 0.25, 2.0])
hostile = st.lists(
    st.tuples(
        st.sampled_from([-1e4, 1e4, 0.0, 1e-30]) | st.floats(-1e4, 1e4, width=32),
        labels,
        st.sampled_from([0.0, 1.0, -3.0, 1e30]) | probabilities(),
    )
)


def smooth_ap(logits: Tensor, target: Tensor, iou: Tensor, **options: float) -> Tensor:
    """Smooth-AP by the arguments of the other; 0 times the IoUs gives those a gradient."""
    return smooth_ap_loss(logits, target, **options) + 0 * iou.nan_to_num(0, 0, 0).sum()


LOSSES = [
    pytest.param(smooth_ap, id="smooth-ap"),
    pytest.param(soft_average_precision_loss, id="soft-average-precision"),
]


def columns(rows: Rows, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
    logits, target, iou = table.to(dtype).unbind(-1)
    return logits.clone().requires_grad_(), target.clone(), iou.clone().requires_grad_()


@pytest.mark.parametrize(
    ("logits", "target", "expected"),
    [
        pytest.param([0, 0], [1, 0], Fraction(1, 3), id="a-tie-is-half-above"),
        pytest.param([9, 0], [1, 0], 0, id="right-by-far"),
        pytest.param([0, 9], [1, 0], Fraction(1, 2), id="wrong-by-far"),
        # Precisions of 1 and 2/3.
        pytest.param([9, 6, 3], [1, 0, 1], Fraction(1, 6), id="mean-over-the-positives"),
        # Not interpolated: 1/3 and 2/4.
        pytest.param([9, 8, 6, 3], [0, 0, 1, 1], Fraction(7, 12), id="two-below-two"),
        pytest.param([0, 0, 9], [1, 1, -1], 0, id="ignored-row"),
        pytest.param([3, 1], [1, 1], 0, id="no-negatives"),
        pytest.param([3, 1], [0, 0], 0, id="no-positives"),
        pytest.param([], [], 0, id="no-rows"),
    ],
)
def test_worked_values_of_smooth_ap(
    logits: list[float], target: list[float], expected: Fraction
) -> None:
    scores = torch.tensor(logits).float().requires_grad_()
    loss = smooth_ap_loss(scores, torch.tensor(target).float(), temperature=0.05)
    torch.testing.assert_close(loss, torch.tensor([float(expected)]), atol=1e-7, rtol=0)
    if 1 not in target:
        assert (gradient(loss, scores) == 0).all()


@pytest.mark.parametrize(
    ("logits", "target", "iou", "expected"),
    [
        # At thresholds of 0.5 and 0.7 a box of 0.6 is right at the first only.
        pytest.param([0], [1], [0.6], Fraction(1, 2), id="right-at-one-of-two"),
        pytest.param([0], [1], [0.4], 1, id="right-at-none"),
        # Precision 1 and, two ranks below, 2/3 at the first; at the second 1 alone.
        pytest.param([9, 6, 3], [1, 0, 1], [0.8, 0, 0.6], Fraction(1, 3), id="a-loose-box-last"),
        # The loose box first: precisions of 1 and 2/3 at the first, 0 and 1/3 at the second.
        pytest.param([9, 6, 3], [1, 0, 1], [0.6, 0, 0.8], Fraction(1, 2), id="a-loose-box-first"),
        # In the middle of a threshold's step a match is 1/2, and its precision too.
        pytest.param([0], [1], [0.5], Fraction(7, 8), id="on-a-threshold"),
        pytest.param([3], [0], [0.9], 0, id="no-positives"),
        pytest.param([], [], [], 0, id="no-rows"),
    ],
)
def test_worked_values_of_soft_average_precision(
    logits: list[float], target: list[float], iou: list[float], expected: Fraction
) -> None:
    loss = soft_average_precision_loss(
        torch.tensor(logits).float(),
        torch.tensor(target).float(),
        torch.tensor(iou).float(),
        iou_thresholds=[0.5, 0.7],
        temperature=0.05,
        iou_temperature=0.004,
    )
    torch.testing.assert_close(loss, torch.tensor([float(expected)]), atol=1e-6, rtol=0)


def test_perfect_detections_cost_what_the_docstring_says() -> None:
    ones = torch.ones(3)
    assert soft_average_precision_loss(ones, ones, ones).item() == pytest.approx(0.016, abs=5e-4)


@given(rows=rows, temperature=temperatures)
@laws
def test_smooth_ap_equals_the_scalar_formula(rows: Rows, temperature: float) -> None:
    logits, target, _ = columns(rows)
    loss = smooth_ap_loss(logits, target, temperature=temperature)
    scores, classes = [s for s, _, _ in rows], [t for _, t, _ in rows]
    expected, slopes, _ = reference.soft_average_precision_loss(
        scores, classes, [[1.0] * len(rows)], temperature
    )
    assert loss.shape == (1,)
    assert loss.item() == pytest.approx(expected, abs=1e-12)
    torch.testing.assert_close(gradient(loss, logits).tolist(), slopes, atol=1e-10, rtol=0)


@given(rows=rows, temperature=temperatures, iou_temperature=st.sampled_from([0.02, 0.5]))
@laws
def test_soft_average_precision_equals_the_scalar_formula(
    rows: Rows, temperature: float, iou_temperature: float
) -> None:
    logits, target, iou = columns(rows)
    thresholds = (0.3, 0.5, 0.75)
    loss = soft_average_precision_loss(
        logits,
        target,
        iou,
        iou_thresholds=thresholds,
        temperature=temperature,
        iou_temperature=iou_temperature,
    )
    match = [
        [reference.step((q - theta) / iou_temperature) for *_, q in rows] for theta in thresholds
    ]
    expected, slopes, by_match = reference.soft_average_precision_loss(
        [s for s, _, _ in rows], [t for _, t, _ in rows], match, temperature
    )
    by_iou = [
        sum(
            slope[i] * m[i] * (1 - m[i]) / iou_temperature
            for slope, m in zip(by_match, match, strict=True)
        )
        for i in range(len(rows))
    ]
    assert loss.shape == (1,)
    assert loss.item() == pytest.approx(expected, abs=1e-12)
    actual = torch.autograd.grad(loss.sum(), (logits, iou))
    torch.testing.assert_close(actual[0].tolist(), slopes, atol=1e-10, rtol=0)
    torch.testing.assert_close(actual[1].tolist(), by_iou, atol=1e-10, rtol=0)


@pytest.mark.parametrize("loss", LOSSES)
def test_its_gradients_are_derivatives(loss: Loss) -> None:
    rng = torch.Generator().manual_seed(4)
    logits = torch.randn(12, generator=rng, dtype=torch.float64).requires_grad_()
    iou = torch.rand(12, generator=rng, dtype=torch.float64).requires_grad_()
    target = (torch.arange(12) % 3 == 0).double()
    assert torch.autograd.gradcheck(lambda x, q: loss(x, target, q), (logits, iou))


@pytest.mark.parametrize("loss", LOSSES)
@given(rows=rows, temperature=temperatures, shift=st.floats(-5, 5), seed=st.integers(0, 99))
@laws
def test_is_bounded_balanced_and_blind_to_shift_and_order(
    loss: Loss, rows: Rows, temperature: float, shift: float, seed: int
) -> None:
    logits, target, iou = columns(rows)
    value = loss(logits, target, iou, temperature=temperature)
    by_logit, by_iou = torch.autograd.grad(value.sum(), (logits, iou))
    assert -1e-12 <= value.item() <= 1 + 1e-12
    assert by_logit.sum().item() == pytest.approx(0, abs=1e-9)
    assert (by_logit[target == 0] >= -1e-12).all()
    assert (by_logit[target == -1] == 0).all()
    assert (by_iou <= 0).all()
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    moved = loss(logits[order] + shift, target[order], iou[order], temperature=temperature)
    torch.testing.assert_close(moved, value, atol=1e-9, rtol=0)


@given(rows=rows, temperature=temperatures)
@laws
def test_boxes_far_above_a_threshold_leave_smooth_ap(rows: Rows, temperature: float) -> None:
    logits, target, _ = columns(rows)
    soft = soft_average_precision_loss(
        logits,
        target,
        torch.ones_like(logits),
        iou_thresholds=[0.5],
        temperature=temperature,
        iou_temperature=1e-3,
    )
    torch.testing.assert_close(soft, smooth_ap_loss(logits, target, temperature=temperature))


@pytest.mark.parametrize("loss", LOSSES)
@given(rows=hostile, temperature=st.sampled_from([1e-6, 0.25, 1e6]))
@laws
def test_hostile_candidates_stay_finite(loss: Loss, rows: Rows, temperature: float) -> None:
    logits, target, iou = columns(rows, torch.float32)
    value = loss(logits, target, iou, temperature=temperature)
    assert -1e-6 <= value.item() <= 1 + 1e-6
    for slopes in torch.autograd.grad(value.sum(), (logits, iou)):
        assert slopes.isfinite().all()


@pytest.mark.parametrize("loss", LOSSES)
def test_half_precision_is_widened(loss: Loss) -> None:
    logits = torch.tensor([0.0, 0.25], dtype=torch.float16, requires_grad=True)
    iou = torch.tensor([0.5, 0.0], requires_grad=True)
    value = loss(logits, torch.tensor([1.0, 0.0]), iou)
    assert value.dtype == torch.float32
    assert gradient(value, logits).dtype == torch.float16


@pytest.mark.parametrize("loss", LOSSES)
def test_too_many_pairs_are_refused(loss: Loss) -> None:
    many = torch.ones(1).expand(2**14)
    with pytest.raises(ValueError, match=r"at most 134217728 pairs .* 16384 positives of 16384"):
        loss(many, many, many)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_out_of_range_is_refused(loss: Loss, temperature: float) -> None:
    one = torch.ones(1)
    with pytest.raises(
        ValueError, match=rf"temperature must be in \[1e-6, 1e6\]: got {temperature}"
    ):
        loss(one, one, one, temperature=temperature)


def test_options_of_the_thresholds_out_of_range_are_refused() -> None:
    one = torch.ones(1)
    with pytest.raises(ValueError, match="at least one IoU threshold is needed: got none"):
        soft_average_precision_loss(one, one, one, iou_thresholds=[])
    with pytest.raises(ValueError, match=r"iou_temperature must be in \[1e-6, 1e6\]: got 0.0"):
        soft_average_precision_loss(one, one, one, iou_temperature=0.0)
