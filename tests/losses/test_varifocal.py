import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import bce_with_logits_loss, focal_loss, varifocal_loss
from tests.losses.strategies import column, gradient, laws, logits, probabilities
from tests.reference import classification as reference


@pytest.mark.parametrize(
    ("logit", "quality", "iou_weighted", "expected"),
    [
        pytest.param(1, 0.6, True, 0.42795701251093370043, id="positive"),
        pytest.param(1, 0.6, False, 0.71326168751822283405, id="positive-unweighted"),
        pytest.param(1, 0, True, 0.52640122755853873179, id="negative"),
        pytest.param(0, 0.5, True, math.log(2) / 2, id="a-positive-costs-its-entropy"),
        pytest.param(1e4, 0, True, 7.5e3, id="sure-negative"),
        pytest.param(1, -0.3, True, 0.52640122755853873179, id="below-0-counts-as-0"),
    ],
)
def test_worked_values(logit: float, quality: float, iou_weighted: bool, expected: float) -> None:
    loss = varifocal_loss(column(logit), column(quality), iou_weighted=iou_weighted)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@given(
    x=logits(),
    quality=probabilities() | st.just(0.0),
    alpha=st.floats(0, 2),
    gamma=st.floats(0, 5),
    iou_weighted=st.booleans(),
)
@laws
def test_agrees_with_the_scalar_reference(
    x: float, quality: float, alpha: float, gamma: float, iou_weighted: bool
) -> None:
    actual = varifocal_loss(
        column(x), column(quality), alpha=alpha, gamma=gamma, iou_weighted=iou_weighted
    ).item()
    expected = reference.varifocal_loss(x, quality, alpha, gamma, iou_weighted=iou_weighted)
    assert actual == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(x=logits(1e4))
@laws
def test_of_hard_labels_is_cross_entropy_or_focal_loss(x: float) -> None:
    one, zero = column(1.0), column(0.0)
    torch.testing.assert_close(varifocal_loss(column(x), one), bce_with_logits_loss(column(x), one))
    # Its alpha stands before the negatives, where focal loss has 1 - alpha.
    torch.testing.assert_close(varifocal_loss(column(x), zero), focal_loss(column(x), zero))


@given(quality=st.floats(0.01, 0.99), x=logits())
@laws
def test_a_positive_costs_least_where_the_score_is_its_iou(quality: float, x: float) -> None:
    best = column(math.log(quality / (1 - quality)))
    least = varifocal_loss(best, column(quality))
    assert (varifocal_loss(column(x), column(quality)) >= least - 1e-9).all()


def test_a_detached_weight_is_a_constant_to_the_gradient() -> None:
    x = column(-1.5, 0.3, 2.0).requires_grad_()
    actual = gradient(varifocal_loss(x, 0 * x.detach(), detach_weight=True), x)
    p = [reference.sigmoid(v) for v in x.tolist()]
    # d/dx of -ln(1 - p) is p.
    assert actual.tolist() == pytest.approx([0.75 * v**2 * v for v in p], rel=1e-9)


@pytest.mark.parametrize("option", ["alpha", "gamma"])
def test_bad_options_are_refused(option: str) -> None:
    with pytest.raises(ValueError, match=rf"{option} must be in \[0, 1e6\]: got -0\.5"):
        varifocal_loss(torch.zeros(1), torch.zeros(1), **{option: -0.5})
