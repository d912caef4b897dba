from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import dice_loss, focal_tversky_loss, soft_jaccard_loss, tversky_loss
from tests.losses.strategies import gradient, laws, probabilities
from tests.reference import masks as reference

Pixels = list[tuple[float, float]]
pixels_of_a_mask = st.lists(st.tuples(probabilities(), probabilities()), max_size=12)
weights = st.floats(0, 2)
smooths = st.floats(1e-3, 10)


def both(pixels: Pixels) -> tuple[Tensor, Tensor]:
    return tuple(torch.tensor([[pixel[i] for pixel in pixels]]).double() for i in (0, 1))


@pytest.mark.parametrize(
    ("prob", "target", "options", "expected"),
    [
        # TP 1, FP 1, FN 2: one third of the pixels wrongly found count 0.3, the missed 0.7.
        pytest.param([1, 1, 0, 0], [1, 0, 1, 1], {}, 1.7 / 3.7, id="salehi-recall"),
        pytest.param([1, 1, 0, 0], [1, 0, 1, 1], {"alpha": 0.7, "beta": 0.3}, 1.3 / 3.3, id="fp"),
        pytest.param([1, 1, 0, 0], [1, 0, 1, 1], {"smooth": 0.5}, 1.7 / 3.2, id="less-smooth"),
        pytest.param([1, 1, 0, 0], [1, 0, 1, 1], {"alpha": 0, "beta": 0}, 0, id="no-weights"),
        pytest.param([0.5, 0.5], [1, 0], {}, 0.5 / 2, id="undecided"),
        pytest.param([0, 0], [0, 0], {}, 0, id="both-empty"),
        pytest.param([1, 1], [0, 0], {}, 0.6 / 1.6, id="nothing-true"),
    ],
)
def test_worked_values(
    prob: list[float], target: list[float], options: dict[str, float], expected: float
) -> None:
    loss = tversky_loss(torch.tensor([prob]).float(), torch.tensor([target]).float(), **options)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pixels=pixels_of_a_mask, alpha=weights, beta=weights, smooth=smooths)
@laws
def test_agrees_with_the_exact_reference(
    pixels: Pixels, alpha: float, beta: float, smooth: float
) -> None:
    prob, target = both(pixels)
    loss = tversky_loss(prob, target, alpha=alpha, beta=beta, smooth=smooth)
    expected = reference.tversky_loss(prob[0].tolist(), target[0].tolist(), alpha, beta, smooth)
    assert loss.item() == pytest.approx(expected, abs=1e-12)


@given(pixels=pixels_of_a_mask, smooth=smooths)
@laws
def test_equal_halves_are_dice_of_twice_the_smooth(pixels: Pixels, smooth: float) -> None:
    prob, target = both(pixels)
    loss = tversky_loss(prob, target, alpha=0.5, beta=0.5, smooth=smooth)
    torch.testing.assert_close(loss, dice_loss(prob, target, smooth=2 * smooth))


@given(pixels=pixels_of_a_mask, smooth=smooths)
@laws
def test_equal_ones_are_soft_jaccard(pixels: Pixels, smooth: float) -> None:
    prob, target = both(pixels)
    loss = tversky_loss(prob, target, alpha=1, beta=1, smooth=smooth)
    torch.testing.assert_close(loss, soft_jaccard_loss(prob, target, smooth=smooth))


@given(pixels=pixels_of_a_mask, alpha=weights, beta=weights)
@laws
def test_exchanging_the_masks_exchanges_the_weights(
    pixels: Pixels, alpha: float, beta: float
) -> None:
    prob, target = both(pixels)
    torch.testing.assert_close(
        tversky_loss(prob, target, alpha=alpha, beta=beta),
        tversky_loss(target, prob, alpha=beta, beta=alpha),
    )


@given(pixels=pixels_of_a_mask, gamma=st.floats(0.25, 4), smooth=smooths)
@laws
def test_focal_agrees_with_the_reference_and_both_spellings_of_its_power(
    pixels: Pixels, gamma: float, smooth: float
) -> None:
    prob, target = both(pixels)
    loss = focal_tversky_loss(prob, target, gamma=gamma, smooth=smooth)
    base = reference.tversky_loss(prob[0].tolist(), target[0].tolist(), 0.3, 0.7, smooth)
    expected = base * 1e-7 ** (1 / gamma - 1)
    if base >= 1e-7:
        expected = reference.focal_tversky_loss(
            prob[0].tolist(), target[0].tolist(), 0.3, 0.7, smooth, 1 / gamma
        )
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)
    other = focal_tversky_loss(prob, target, gamma=1 / gamma, exponent="direct", smooth=smooth)
    torch.testing.assert_close(other, loss)


@pytest.mark.parametrize("exponent", ["inverse", "direct"])
@given(pixels=pixels_of_a_mask)
@laws
def test_focal_with_gamma_1_is_tversky(exponent: str, pixels: Pixels) -> None:
    prob, target = both(pixels)
    loss = focal_tversky_loss(prob, target, gamma=1, exponent=exponent)
    torch.testing.assert_close(loss, tversky_loss(prob, target))


def test_focal_defaults_are_the_paper_s_and_its_code_s() -> None:
    prob, target = torch.tensor([[0.9, 0.2, 0.4]]), torch.tensor([[1.0, 0.0, 1.0]])
    rest = tversky_loss(prob, target)
    torch.testing.assert_close(focal_tversky_loss(prob, target), rest**0.75)
    by_its_code = focal_tversky_loss(prob, target, gamma=0.75, exponent="direct")
    torch.testing.assert_close(by_its_code, rest**0.75)


def test_the_focal_slope_at_equal_masks_is_that_of_the_line() -> None:
    mask = torch.tensor([[1.0, 0.0, 1.0]])
    prob = mask.clone().requires_grad_()
    slope = gradient(focal_tversky_loss(prob, mask), prob)
    steepness = (1e-7) ** -0.25 / 3
    torch.testing.assert_close(slope, steepness * torch.tensor([[-0.7, 0.3, -0.7]]))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        pytest.param(partial(tversky_loss, alpha=-1), r"alpha must be in \[0, 1e6\]: got -1"),
        pytest.param(partial(tversky_loss, beta=-0.5), r"beta must be in \[0, 1e6\]: got -0.5"),
        pytest.param(
            partial(tversky_loss, beta=float("nan")), r"beta must be in \[0, 1e6\]: got nan"
        ),
        pytest.param(partial(tversky_loss, smooth=0), r"smooth must be in \[1e-16, 1e6\]: got 0"),
        pytest.param(
            partial(focal_tversky_loss, gamma=0), r"gamma must be in \[1e-6, 1e6\]: got 0"
        ),
        pytest.param(partial(focal_tversky_loss, eps=0), r"eps must be in \[1e-16, 1\): got 0"),
        pytest.param(partial(focal_tversky_loss, exponent="x"), "exponent must be .*: got 'x'"),
        pytest.param(
            partial(soft_jaccard_loss, smooth=-1), r"smooth must be in \[1e-16, 1e6\]: got -1"
        ),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_bad_options_are_refused(loss: partial[Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loss(torch.zeros(1, 2), torch.zeros(1, 2))


@pytest.mark.parametrize(
    ("prob", "target", "expected"),
    [
        pytest.param([1, 1, 0], [1, 0, 0], 1 - 2 / 3, id="twice-too-large"),
        pytest.param([0.5, 0.5], [1, 0], 1 - 1.5 / 2.5, id="undecided"),
        pytest.param([0, 0], [0, 0], 0, id="both-empty"),
    ],
)
def test_soft_jaccard_worked_values(
    prob: list[float], target: list[float], expected: float
) -> None:
    loss = soft_jaccard_loss(torch.tensor([prob]).float(), torch.tensor([target]).float())
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pixels=pixels_of_a_mask, smooth=smooths)
@laws
def test_soft_jaccard_agrees_with_the_exact_reference(pixels: Pixels, smooth: float) -> None:
    prob, target = both(pixels)
    loss = soft_jaccard_loss(prob, target, smooth=smooth)
    expected = reference.soft_jaccard_loss(prob[0].tolist(), target[0].tolist(), smooth)
    assert loss.item() == pytest.approx(expected, abs=1e-12)
