import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import bce_loss, bce_with_logits_loss
from tests.losses.strategies import column, gradient, laws, logits, probabilities
from tests.reference import classification as reference


@pytest.mark.parametrize(
    ("prob", "target", "expected"),
    [
        pytest.param(0.5, 1, math.log(2), id="undecided"),
        pytest.param(0.9, 1, 0.1053605, id="right"),
        pytest.param(0.9, 0, 2.3025851, id="wrong"),
        pytest.param(0.25, 0.25, 0.5623351, id="soft-label-leaves-its-entropy"),
        pytest.param(1.0, 1, 0, id="certain-and-right"),
        pytest.param(0.0, 1, -math.log(1e-7), id="certain-and-wrong-meets-the-ceiling"),
        pytest.param(1.0, 0, -math.log(1e-7), id="certain-of-nothing-meets-the-ceiling"),
        pytest.param(1.5, 1, 0, id="above-1-counts-as-1"),
        pytest.param(1.5, 0, -math.log(1e-7), id="above-1-counts-as-1-and-wrong"),
        pytest.param(-0.5, 0, 0, id="below-0-counts-as-0"),
        pytest.param(-0.5, 1, -math.log(1e-7), id="below-0-counts-as-0-and-wrong"),
    ],
)
def test_worked_values(prob: float, target: float, expected: float) -> None:
    loss = bce_loss(torch.tensor([prob]), torch.tensor([float(target)]))
    torch.testing.assert_close(loss, torch.tensor([float(expected)]), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("logit", "target", "expected"),
    [
        pytest.param(0.0, 1, math.log(2), id="undecided"),
        pytest.param(math.log(9), 1, 0.1053605, id="right"),
        pytest.param(-20.0, 0, 2.0611537e-09, id="right-past-log-of-sigmoid"),
        pytest.param(-100.0, 1, 100, id="wrong-past-log-of-sigmoid"),
    ],
)
def test_worked_values_from_logits(logit: float, target: float, expected: float) -> None:
    loss = bce_with_logits_loss(torch.tensor([logit]), torch.tensor([float(target)]))
    torch.testing.assert_close(loss, torch.tensor([float(expected)]), atol=0, rtol=1e-6)


@given(logit=logits(300), target=probabilities())
@laws
def test_agrees_with_the_scalar_reference(logit: float, target: float) -> None:
    actual = bce_with_logits_loss(column(logit), column(target)).item()
    assert actual == pytest.approx(
        reference.bce_with_logits_loss(logit, target), rel=1e-9, abs=1e-12
    )


@given(prob=st.floats(1e-6, 1 - 1e-6), target=probabilities())
@laws
def test_agrees_with_the_scalar_reference_from_probabilities(prob: float, target: float) -> None:
    actual = bce_loss(column(prob), column(target)).item()
    assert actual == pytest.approx(reference.bce_loss(prob, target), rel=1e-9)


@given(logit=logits(12), target=probabilities())
@laws
def test_both_forms_agree(logit: float, target: float) -> None:
    from_prob = bce_loss(column(logit).sigmoid(), column(target))
    torch.testing.assert_close(from_prob, bce_with_logits_loss(column(logit), column(target)))


@given(logit=logits(1e4), target=probabilities())
@laws
def test_swapping_the_classes_changes_nothing(logit: float, target: float) -> None:
    loss = bce_with_logits_loss(column(logit), column(target))
    swapped = bce_with_logits_loss(column(-logit), 1 - column(target))
    torch.testing.assert_close(loss, swapped)


@given(logit=logits(1e4), target=probabilities())
@laws
def test_the_gradient_is_probability_less_label(logit: float, target: float) -> None:
    x = torch.tensor([logit], requires_grad=True)
    y = torch.tensor([target])
    loss = bce_with_logits_loss(x, y)
    assert loss.isfinite().all()
    assert loss.item() >= 0
    torch.testing.assert_close(gradient(loss, x), x.detach().sigmoid() - y, atol=2e-6, rtol=1e-6)


@given(prob=probabilities() | st.sampled_from([1e-30, -0.5, 1.5]), target=probabilities())
@laws
def test_hostile_probabilities_stay_under_the_ceiling(prob: float, target: float) -> None:
    p = torch.tensor([prob], requires_grad=True)
    loss = bce_loss(p, torch.tensor([target]))
    assert 0 <= loss.item() <= -math.log(1e-7) * (1 + 1e-6)
    assert gradient(loss, p).isfinite().all()


@pytest.mark.parametrize("prob", [-1e6, -0.5, 1.5, 1e6])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_a_probability_out_of_range_has_no_gradient(prob: float, target: float) -> None:
    p = torch.tensor([prob], requires_grad=True)
    assert gradient(bce_loss(p, torch.tensor([target])), p).item() == 0


@given(prob=st.floats(1e-6, 1 - 1e-6), logit=logits(1e4), target=probabilities())
@laws
def test_agrees_with_pytorch(prob: float, logit: float, target: float) -> None:
    p, x, y = column(prob), column(logit), column(target)
    functional = torch.nn.functional
    expected = functional.binary_cross_entropy(p, y, reduction="none")
    torch.testing.assert_close(bce_loss(p, y), expected)
    expected = functional.binary_cross_entropy_with_logits(x, y, reduction="none")
    torch.testing.assert_close(bce_with_logits_loss(x, y), expected, rtol=1e-9, atol=1e-12)


def test_a_smoothed_label_is_the_plain_loss_of_the_label_it_becomes() -> None:
    # -0.9 ln p - 0.1 ln (1 - p) at p = sigmoid(1), worked with Python's decimal module.
    loss = bce_with_logits_loss(column(1.0), column(1.0), label_smoothing=0.2)
    assert loss.item() == pytest.approx(0.41326168751822283405, rel=1e-12)


@given(logit=logits(1e4), target=probabilities(), smoothing=st.floats(0, 1))
@laws
def test_smoothing_mixes_in_an_undecided_label(
    logit: float, target: float, smoothing: float
) -> None:
    x, y = column(logit), column(target)
    smoothed = bce_with_logits_loss(x, y, label_smoothing=smoothing)
    undecided = bce_with_logits_loss(x, column(0.5))
    mixed = (1 - smoothing) * bce_with_logits_loss(x, y) + smoothing * undecided
    torch.testing.assert_close(smoothed, mixed)


@pytest.mark.parametrize("smoothing", [-0.1, 1.1])
def test_a_bad_label_smoothing_is_refused(smoothing: float) -> None:
    with pytest.raises(ValueError, match=rf"label_smoothing must be in \[0, 1\]: got {smoothing}"):
        bce_with_logits_loss(torch.zeros(1), torch.zeros(1), label_smoothing=smoothing)


def test_probabilities_of_any_shape_keep_it() -> None:
    prob, target = torch.rand(2, 3, generator=torch.Generator().manual_seed(0)), torch.zeros(2, 3)
    expected = bce_loss(prob.flatten(), target.flatten()).reshape(2, 3)
    torch.testing.assert_close(bce_loss(prob, target), expected)


@pytest.mark.parametrize(
    ("dtype", "ceiling"),
    [
        pytest.param(torch.float16, -math.log(2 / 65504), id="float16"),
        pytest.param(torch.bfloat16, -math.log(1e-7), id="bfloat16"),
    ],
)
def test_half_precision_is_widened_and_its_gradient_fits(
    dtype: torch.dtype, ceiling: float
) -> None:
    prob = torch.tensor([0.0, 1e-7, 4e-5, 0.25, 1.0], dtype=dtype, requires_grad=True)
    target = torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0], dtype=dtype)
    loss = bce_loss(prob, target)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, bce_loss(prob.float(), target.float()).clamp(max=ceiling))
    assert gradient(loss, prob).isfinite().all()


@pytest.mark.parametrize("loss", [bce_loss, bce_with_logits_loss])
def test_no_rows_give_no_losses(loss: object) -> None:
    assert callable(loss)
    assert loss(torch.zeros(0), torch.zeros(0)).shape == (0,)
