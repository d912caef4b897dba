"""Both sums of Dice and cross entropy: with free factors, and the combo loss."""

from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import combo_loss, dice_bce_loss
from tests.losses.strategies import laws, logits, probabilities
from tests.reference import masks as reference

Pixels = list[tuple[float, float]]
some_pixels = st.lists(st.tuples(logits(), probabilities()), min_size=1, max_size=12)
shares = st.floats(0, 1)
LN2 = 0.6931471805599453


def both(pixels: Pixels) -> tuple[Tensor, Tensor]:
    return tuple(torch.tensor([[pixel[i] for pixel in pixels]]).double() for i in (0, 1))


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        # Logits of 0 under one true pixel of two: Dice (1 + 1) / (2 + 1), entropy ln 2.
        pytest.param(dice_bce_loss, 1 / 3 + LN2, id="dice-bce"),
        pytest.param(partial(dice_bce_loss, dice_weight=0), LN2, id="bce"),
        pytest.param(partial(dice_bce_loss, bce_weight=0), 1 / 3, id="dice"),
        pytest.param(partial(dice_bce_loss, dice_weight=0.5, bce_weight=2), 1 / 6 + 2 * LN2),
        pytest.param(combo_loss, LN2 / 4 + 1 / 6, id="combo"),
        pytest.param(partial(combo_loss, alpha=0.0), 1 / 3, id="combo-dice-alone"),
        pytest.param(partial(combo_loss, alpha=1.0, beta=1.0), LN2 / 2, id="combo-misses-alone"),
        pytest.param(partial(combo_loss, smooth=2.0), LN2 / 4 + 1 / 8, id="combo-smoother"),
    ],
)
def test_worked_values(loss: partial[Tensor], expected: float) -> None:
    value = loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    torch.testing.assert_close(value, torch.tensor([expected]))


@given(pixels=some_pixels, dice=st.floats(0, 3), bce=st.floats(0, 3), smooth=st.floats(0.01, 5))
@laws
def test_dice_bce_agrees_with_the_scalar_reference(
    pixels: Pixels, dice: float, bce: float, smooth: float
) -> None:
    x, t = both(pixels)
    loss = dice_bce_loss(x, t, dice_weight=dice, bce_weight=bce, smooth=smooth)
    expected = reference.dice_bce_loss(x[0].tolist(), t[0].tolist(), (dice, bce), smooth)
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(pixels=some_pixels, alpha=shares, beta=shares, smooth=st.floats(0.01, 5))
@laws
def test_combo_agrees_with_the_scalar_reference(
    pixels: Pixels, alpha: float, beta: float, smooth: float
) -> None:
    x, t = both(pixels)
    loss = combo_loss(x, t, alpha=alpha, beta=beta, smooth=smooth)
    expected = reference.combo_loss(x[0].tolist(), t[0].tolist(), alpha, beta, smooth)
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(pixels=some_pixels)
@laws
def test_combo_with_equal_weights_is_a_dice_bce(pixels: Pixels) -> None:
    x, t = both(pixels)
    expected = dice_bce_loss(x, t, dice_weight=0.75, bce_weight=0.125)
    torch.testing.assert_close(combo_loss(x, t, alpha=0.25), expected)


@pytest.mark.parametrize("loss", [dice_bce_loss, combo_loss])
def test_no_pixels_cost_nothing(loss: partial[Tensor]) -> None:
    assert loss(torch.zeros(2, 0), torch.zeros(2, 0)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        pytest.param(
            partial(dice_bce_loss, dice_weight=-1), r"dice_weight must be in \[0, 1e6\]: got -1"
        ),
        pytest.param(
            partial(dice_bce_loss, bce_weight=-2), r"bce_weight must be in \[0, 1e6\]: got -2"
        ),
        pytest.param(partial(combo_loss, alpha=1.5), r"alpha must be in \[0, 1\]: got 1.5"),
        pytest.param(partial(combo_loss, beta=-0.1), r"beta must be in \[0, 1\]: got -0.1"),
        pytest.param(partial(combo_loss, smooth=0), r"smooth must be in \[1e-16, 1e6\]: got 0"),
    ],
)
def test_bad_options_are_refused(loss: partial[Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss(torch.zeros(1, 2), torch.zeros(1, 2))
