import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import bce_with_logits_loss, focal_loss, poly_focal_loss
from tests.losses.strategies import column, laws, logits, probabilities
from tests.reference import classification as reference


@pytest.mark.parametrize(
    ("target", "weigh_polynomial", "expected"),
    [
        pytest.param(1, True, 0.010527613213178469547, id="positive"),
        pytest.param(0, True, 0.81943508125701965358, id="negative"),
        pytest.param(0, False, 0.91711303248984662752, id="negative-polynomial-unweighted"),
    ],
)
def test_worked_values(target: float, weigh_polynomial: bool, expected: float) -> None:
    loss = poly_focal_loss(column(1), column(target), weigh_polynomial=weigh_polynomial)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@given(
    x=logits(),
    target=st.sampled_from([0, 1]),
    epsilon=st.floats(-1, 5),
    alpha=st.just(-1.0) | st.floats(0, 1),
    gamma=st.floats(0, 5),
    weigh_polynomial=st.booleans(),
)
@laws
def test_agrees_with_the_scalar_reference(
    x: float, target: int, epsilon: float, alpha: float, gamma: float, weigh_polynomial: bool
) -> None:
    actual = poly_focal_loss(
        column(x),
        column(target),
        epsilon=epsilon,
        alpha=alpha,
        gamma=gamma,
        weigh_polynomial=weigh_polynomial,
    ).item()
    expected = reference.poly_focal_loss(
        x, target, epsilon, alpha, gamma, weigh_polynomial=weigh_polynomial
    )
    assert actual == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(x=logits(1e4), target=probabilities(), gamma=st.floats(0, 5), weighed=st.booleans())
@laws
def test_without_epsilon_is_focal_loss(
    x: float, target: float, gamma: float, weighed: bool
) -> None:
    poly = poly_focal_loss(
        column(x), column(target), epsilon=0, gamma=gamma, weigh_polynomial=weighed
    )
    torch.testing.assert_close(poly, focal_loss(column(x), column(target), gamma=gamma))


@given(x=logits(1e4), target=st.sampled_from([0.0, 1.0]), epsilon=st.floats(-1, 5))
@laws
def test_without_focus_is_the_poly_form_of_cross_entropy(
    x: float, target: float, epsilon: float
) -> None:
    poly = poly_focal_loss(column(x), column(target), epsilon=epsilon, alpha=-1, gamma=0)
    miss = (column(x).sigmoid() - column(target)).abs()
    expected = bce_with_logits_loss(column(x), column(target)) + epsilon * miss
    torch.testing.assert_close(poly, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"epsilon": -2.0}, r"epsilon must be in \[-1, 1e6\]: got -2\.0", id="epsilon"),
        pytest.param({"gamma": -1.0}, r"gamma must be in \[0, 1e6\]: got -1\.0", id="gamma"),
        pytest.param({"alpha": 1.5}, r"alpha must be in \(-inf, 1\]: got 1\.5", id="alpha"),
    ],
)
def test_bad_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        poly_focal_loss(torch.zeros(1), torch.zeros(1), **options)
