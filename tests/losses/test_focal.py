import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import bce_with_logits_loss, focal_loss
from tests.losses.strategies import column, gradient, laws, logits, probabilities
from tests.reference import classification as reference


def logit(prob: float) -> float:
    return math.log(prob / (1 - prob))


@pytest.mark.parametrize(
    ("prob", "target", "alpha", "gamma", "expected"),
    [
        pytest.param(0.9, 1, -1, 2, 0.1053605 / 100, id="paper-100-times-less-at-0.9"),
        pytest.param(0.1, 0, -1, 2, 0.1053605 / 100, id="paper-100-times-less-for-background"),
        pytest.param(0.5, 1, -1, 2, math.log(2) / 4, id="paper-4-times-less-at-0.5"),
        pytest.param(0.5, 1, 0.25, 2, math.log(2) / 16, id="alpha-weighs-positives"),
        pytest.param(0.5, 0, 0.25, 2, math.log(2) * 3 / 16, id="one-less-alpha-negatives"),
        pytest.param(0.75, 0, -1, 0.5, -math.log(0.25) * 0.75**0.5, id="gamma-one-half"),
        pytest.param(0.5, 1, 0, 2, 0, id="alpha-0-mutes-positives"),
    ],
)
def test_worked_values(
    prob: float, target: float, alpha: float, gamma: float, expected: float
) -> None:
    loss = focal_loss(column(logit(prob)), column(target), alpha=alpha, gamma=gamma)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_the_paper_s_easy_example_costs_1000_times_less_than_cross_entropy() -> None:
    x, y = column(logit(0.968)), column(1)
    ratio = bce_with_logits_loss(x, y) / focal_loss(x, y, alpha=-1, gamma=2)
    assert ratio.item() == pytest.approx(1000, rel=0.03)


@given(
    x=logits(200),
    target=st.sampled_from([0, 1]),
    alpha=st.floats(0, 1) | st.just(-1.0),
    gamma=st.floats(0, 5),
)
@laws
def test_agrees_with_the_scalar_reference(
    x: float, target: int, alpha: float, gamma: float
) -> None:
    actual = focal_loss(column(x), column(target), alpha=alpha, gamma=gamma).item()
    expected = reference.focal_loss(x, target, alpha, gamma)
    assert actual == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(x=logits(1e4), target=probabilities())
@laws
def test_without_focus_and_weight_is_cross_entropy(x: float, target: float) -> None:
    plain = focal_loss(column(x), column(target), alpha=-1, gamma=0)
    torch.testing.assert_close(plain, bce_with_logits_loss(column(x), column(target)))


@given(x=logits(1e4), target=probabilities(), gamma=st.floats(0, 5), more=st.floats(0, 5))
@laws
def test_more_focus_never_costs_more(x: float, target: float, gamma: float, more: float) -> None:
    low = focal_loss(column(x), column(target), gamma=gamma + more)
    assert (low <= focal_loss(column(x), column(target), gamma=gamma) + 1e-12).all()


@given(x=logits(1e4), target=probabilities(), gamma=st.sampled_from([0.0, 0.1, 0.5, 1, 2, 5]))
@laws
def test_hostile_logits_stay_finite(x: float, target: float, gamma: float) -> None:
    logits = torch.tensor([x], requires_grad=True)
    loss = focal_loss(logits, torch.tensor([target]), gamma=gamma)
    assert loss.isfinite().all()
    assert loss.item() >= 0
    assert gradient(loss, logits).isfinite().all()


def test_no_rows_give_no_losses() -> None:
    assert focal_loss(torch.zeros(0), torch.zeros(0)).shape == (0,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"gamma": -1.0}, r"gamma must be in \[0, 1e6\]: got -1\.0", id="gamma"),
        pytest.param({"alpha": 1.5}, r"alpha must be in \(-inf, 1\]: got 1\.5", id="alpha"),
    ],
)
def test_bad_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        focal_loss(torch.zeros(1), torch.zeros(1), **options)
