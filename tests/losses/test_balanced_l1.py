from inspect import unwrap
from math import exp, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import balanced_l1_loss
from tests.losses.strategies import Pair, box_pairs, gradient, laws

B = exp(3) - 1  # of the default alpha = 0.5 and gamma = 1.5
KNEE = 1.5 + 1.5 / B - 0.5


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        pytest.param([0, 0, 0, 0], 0, id="equal"),
        pytest.param([0, -1, 0, 0], KNEE, id="knee"),
        pytest.param([0, 0, 3, 0], KNEE + 1.5 * 2, id="line"),
        pytest.param(
            [0.5, 0, 0, 0],
            0.5 / B * (B / 2 + 1) * log(B / 2 + 1) - 0.25,
            id="curve",
        ),
        pytest.param([0, -1, 3, 0], 2 * KNEE + 3, id="sum-of-coordinates"),
    ],
)
def test_worked_values(difference: list[float], expected: float) -> None:
    target = torch.tensor([[10.0, 20.0, 5.0, 5.0]])
    loss = balanced_l1_loss(target + torch.tensor([difference]), target)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pair=box_pairs(), beta=st.floats(0.01, 100))
@laws
def test_beta_is_a_unit_of_length(pair: Pair, beta: float) -> None:
    loss = balanced_l1_loss(*pair, beta=beta)
    in_betas = beta * balanced_l1_loss(pair[0] / beta, pair[1] / beta)
    torch.testing.assert_close(loss, in_betas)


@given(box_pairs())
@laws
def test_both_forms_agree_at_beta_1(pair: Pair) -> None:
    loss = balanced_l1_loss(*pair, form="mmdetection")
    torch.testing.assert_close(loss, balanced_l1_loss(*pair), atol=0, rtol=0)


def test_the_form_of_mmdetection_scales_the_logarithm_alone() -> None:
    pred, target = torch.tensor([[0.05, 0, 0, 1]]), torch.zeros(1, 4)
    curve = 0.5 / B * (B * 0.05 + 1) * log(B * 0.05 / 0.11 + 1) - 0.5 * 0.05
    line = 1.5 + 1.5 / B - 0.5 * 0.11
    loss = balanced_l1_loss(pred, target, beta=0.11, form="mmdetection")
    torch.testing.assert_close(loss, torch.tensor([curve + line]))


@pytest.mark.parametrize(
    ("form", "is_least_at_0"),
    [("smooth", True), ("mmdetection", False)],
    ids=["smooth", "mmdetection"],
)
def test_with_a_beta_above_1_only_the_smooth_form_is_least_at_0(
    form: str, is_least_at_0: bool
) -> None:
    near = torch.tensor([[0.01, 0, 0, 0]], dtype=torch.float64, requires_grad=True)
    loss = balanced_l1_loss(near, torch.zeros_like(near), beta=5.0, form=form)
    assert (loss.item() > 0) == is_least_at_0
    assert (gradient(loss, near)[0, 0].item() > 0) == is_least_at_0


@pytest.mark.parametrize("form", ["smooth", "mmdetection"])
@pytest.mark.parametrize("beta", [0.11, 1.0, 5.0])
def test_the_value_has_no_step_at_the_knee(form: str, beta: float) -> None:
    around = torch.tensor([beta * (1 - 1e-9), beta * (1 + 1e-9)], dtype=torch.float64)
    pred = torch.nn.functional.pad(around.unsqueeze(-1), (0, 3))
    below, above = balanced_l1_loss(pred, torch.zeros_like(pred), beta=beta, form=form)
    torch.testing.assert_close(below, above, atol=1e-7, rtol=0)


@pytest.mark.parametrize(
    ("form", "is_smooth"), [("smooth", True), ("mmdetection", False)], ids=["smooth", "mmdetection"]
)
def test_only_the_smooth_form_has_one_slope_at_the_knee(form: str, is_smooth: bool) -> None:
    around = torch.tensor([0.11 * (1 - 1e-9), 0.11 * (1 + 1e-9)], dtype=torch.float64)
    pred = torch.nn.functional.pad(around.unsqueeze(-1), (0, 3)).requires_grad_()
    loss = balanced_l1_loss(pred, torch.zeros_like(pred), beta=0.11, form=form)
    below, above = gradient(loss, pred)[:, 0]
    torch.testing.assert_close(above.item(), 1.5)
    assert torch.isclose(below, above, atol=1e-6) == is_smooth


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"alpha": 0.0}, r"alpha must be in \[1e-6, 1e6\]: got 0\.0"),
        ({"beta": -1.0}, r"beta must be in \[1e-6, 1e6\]: got -1\.0"),
        ({"gamma": 0.0}, r"got 0\.0"),
        ({"gamma": 0.004}, r"got 0\.004"),
        ({"gamma": 41.0}, r"got 41\.0"),
        ({"gamma": float("nan")}, "got nan"),
        ({"form": "libra"}, "got 'libra'"),
    ],
)
def test_bad_options_are_refused(options: dict[str, float | str], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        unwrap(balanced_l1_loss)(torch.zeros(1, 4), torch.zeros(1, 4), **options)
