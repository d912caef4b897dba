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
    # torch's softplus is the line itself past 20, e^-20 off.
    assert actual == pytest.approx(reference.bce_with_logits_loss(logit, target), abs=3e-9)


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


@pytest.mark.parametrize("loss", [bce_loss, bce_with_logits_loss])
def test_no_rows_give_no_losses(loss: object) -> None:
    assert callable(loss)
    assert loss(torch.zeros(0), torch.zeros(0)).shape == (0,)
