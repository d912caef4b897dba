import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import asymmetric_loss, bce_with_logits_loss, focal_loss
from tests.losses.strategies import column, gradient, laws, logits, probabilities
from tests.reference import classification as reference


@pytest.mark.parametrize(
    ("logit", "target", "gamma_positive", "expected"),
    [
        pytest.param(1, 0, 0, 0.24586022467608253914, id="negative"),
        pytest.param(1, 1, 0, 0.31326168751822283405, id="positive-unfocused"),
        pytest.param(1, 1, 1, 0.084249043501914108283, id="positive-focused"),
        pytest.param(-3, 0, 0, 0, id="a-negative-under-the-margin-is-dropped"),
        pytest.param(1e4, 0, 0, -math.log(0.05) * 0.95**4, id="the-ceiling-of-a-negative"),
        pytest.param(-1e4, 1, 0, 1e4, id="wrong-positive"),
    ],
)
def test_worked_values(logit: float, target: float, gamma_positive: float, expected: float) -> None:
    loss = asymmetric_loss(column(logit), column(target), gamma_positive=gamma_positive)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@given(
    x=logits(),
    target=st.sampled_from([0, 1]),
    gamma_positive=st.floats(0, 5),
    gamma_negative=st.just(0.0) | st.floats(1, 7),
    clip=st.just(0.0) | st.floats(0.001, 0.9),
)
@laws
def test_agrees_with_the_scalar_reference(
    x: float, target: int, gamma_positive: float, gamma_negative: float, clip: float
) -> None:
    options = {"gamma_positive": gamma_positive, "gamma_negative": gamma_negative, "clip": clip}
    actual = asymmetric_loss(column(x), column(target), **options).item()
    expected = reference.asymmetric_loss(x, target, **options)
    assert actual == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(x=logits(1e4), target=probabilities())
@laws
def test_without_focus_and_margin_is_cross_entropy(x: float, target: float) -> None:
    plain = asymmetric_loss(column(x), column(target), gamma_negative=0, clip=0)
    torch.testing.assert_close(plain, bce_with_logits_loss(column(x), column(target)))


@given(x=logits(1e4), target=probabilities(), gamma=st.floats(0, 5))
@laws
def test_with_equal_focus_and_no_margin_is_focal_loss(
    x: float, target: float, gamma: float
) -> None:
    equal = asymmetric_loss(
        column(x), column(target), gamma_positive=gamma, gamma_negative=gamma, clip=0
    )
    torch.testing.assert_close(equal, focal_loss(column(x), column(target), alpha=-1, gamma=gamma))


@given(x=st.floats(-1e4, -3))
@laws
def test_a_negative_below_the_margin_has_no_gradient(x: float) -> None:
    logit = column(x).requires_grad_()
    assert gradient(asymmetric_loss(logit, column(0.0)), logit).item() == 0


def test_a_detached_weight_is_a_constant_to_the_gradient() -> None:
    x = column(-1.5, 0.3, 2.0).requires_grad_()
    options = {"gamma_positive": 1.0, "clip": 0.05, "detach_weight": True}
    of_negatives = gradient(asymmetric_loss(x, column(0, 0, 0), **options), x)
    of_positives = gradient(asymmetric_loss(x, column(1, 1, 1), **options), x)
    for value, negative, positive in zip(
        x.tolist(), of_negatives.tolist(), of_positives.tolist(), strict=True
    ):
        p = reference.sigmoid(value)
        slope = p * (1 - p) / (1 - p + 0.05)
        assert negative == pytest.approx((p - 0.05) ** 4 * slope, rel=1e-9)
        assert positive == pytest.approx(-((1 - p) ** 2), rel=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"gamma_positive": -1.0}, r"gamma_positive .*: got -1\.0", id="positive"),
        pytest.param({"gamma_negative": -1.0}, r"gamma_negative .*: got -1\.0", id="negative"),
        pytest.param(
            {"gamma_negative": 0.5},
            r"gamma_negative must be 0 or in \[1, 1e6\]: got 0\.5",
            id="vertical",
        ),
        pytest.param({"clip": 1.0}, r"clip must be 0 or in \[1e-7, 1\): got 1\.0", id="all"),
        pytest.param({"clip": -0.1}, r"clip .*: got -0\.1", id="negative-clip"),
        pytest.param({"clip": 1e-9}, r"clip .*: got 1e-09", id="lost-in-float32"),
    ],
)
def test_bad_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        asymmetric_loss(torch.zeros(1), torch.zeros(1), **options)
