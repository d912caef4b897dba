"""The laws that every loss of masks keeps."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import (
    combo_loss,
    dice_bce_loss,
    dice_loss,
    focal_tversky_loss,
    lovasz_hinge_loss,
    lovasz_softmax_loss,
    soft_jaccard_loss,
    soft_miou_loss,
    tversky_loss,
)
from tests.losses.strategies import gradient, laws

MaskLoss = Callable[..., Tensor]


def _one_class(loss: MaskLoss, prob: Tensor, target: Tensor) -> Tensor:
    """Let a loss of class masks take masks of one foreground."""
    return loss(prob.unsqueeze(1), target.unsqueeze(1))


OF_PROBABILITIES = [
    pytest.param(dice_loss, id="dice"),
    pytest.param(partial(dice_loss, denominator="squared"), id="dice-squared"),
    pytest.param(partial(dice_loss, smoothing="below", smooth=1e-3), id="dice-below"),
    pytest.param(tversky_loss, id="tversky"),
    pytest.param(focal_tversky_loss, id="focal-tversky"),
    pytest.param(partial(focal_tversky_loss, gamma=0.4, exponent="direct"), id="focal-tversky-.4"),
    pytest.param(partial(focal_tversky_loss, gamma=2.0, exponent="direct"), id="focal-tversky-2"),
    pytest.param(soft_jaccard_loss, id="soft-jaccard"),
    pytest.param(partial(_one_class, soft_miou_loss), id="soft-miou"),
    pytest.param(partial(_one_class, lovasz_softmax_loss), id="lovasz-softmax"),
    pytest.param(
        partial(_one_class, partial(lovasz_softmax_loss, classes="all")), id="lovasz-softmax-all"
    ),
]
OF_LOGITS = [
    pytest.param(lovasz_hinge_loss, id="lovasz-hinge"),
    pytest.param(dice_bce_loss, id="dice-bce"),
    pytest.param(combo_loss, id="combo"),
    pytest.param(partial(combo_loss, alpha=1.0, beta=1.0), id="combo-misses-only"),
]
every_loss_of_probabilities = pytest.mark.parametrize("loss", OF_PROBABILITIES)
every_loss_of_logits = pytest.mark.parametrize("loss", OF_LOGITS)
every_loss = pytest.mark.parametrize("loss", [*OF_PROBABILITIES, *OF_LOGITS])


@st.composite
def masks(
    draw: st.DrawFn, values: st.SearchStrategy[float], dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Pairs of 1 to 4 masks, the true ones binary, also empty, full or without pixels."""
    rows, pixels = draw(st.integers(1, 4)), draw(st.integers(0, 7))

    def block(of: st.SearchStrategy[float]) -> Tensor:
        count = rows * pixels
        numbers = draw(st.lists(of, min_size=count, max_size=count))
        return torch.tensor(numbers, dtype=dtype).reshape(rows, pixels)

    return block(values), block(st.sampled_from([0.0, 1.0]))


probabilities = st.sampled_from([0.0, 1.0, 1e-30, 1 - 2**-24]) | st.floats(0, 1, width=32)
extreme_logits = st.sampled_from([0.0, 1.0, -1.0, 1e4, -1e4, 104.0]) | st.floats(
    -1e4, 1e4, width=32
)


@every_loss_of_probabilities
@given(pair=masks(probabilities))
@laws
def test_probabilities_cost_between_0_and_1_with_a_finite_gradient(
    loss: MaskLoss, pair: tuple[Tensor, Tensor]
) -> None:
    prob, target = pair
    prob.requires_grad_()
    values = loss(prob, target)
    assert values.shape == prob.shape[:1]
    assert ((values >= -1e-6) & (values <= 1 + 1e-6)).all()
    assert gradient(values, prob).isfinite().all()


@every_loss_of_probabilities
@given(pair=masks(st.sampled_from([-1e6, -0.5, 0.5, 1.5, 1e6])))
@laws
def test_numbers_outside_0_and_1_count_as_the_nearer_end_with_zero_gradient(
    loss: MaskLoss, pair: tuple[Tensor, Tensor]
) -> None:
    prob, target = pair
    prob.requires_grad_()
    values = loss(prob, 3 * target - 1)
    slope = gradient(values, prob)
    torch.testing.assert_close(values, loss(prob.clamp(0, 1), target))
    assert slope.isfinite().all()
    assert not slope[(prob < 0) | (prob > 1)].any()


@every_loss_of_logits
@given(pair=masks(extreme_logits))
@laws
def test_extreme_logits_stay_finite_and_cost_at_least_nothing(
    loss: MaskLoss, pair: tuple[Tensor, Tensor]
) -> None:
    logits, target = pair
    logits.requires_grad_()
    values = loss(logits, target)
    assert (values >= -1e-6).all()
    assert values.isfinite().all()
    assert gradient(values, logits).isfinite().all()


@every_loss
@given(pair=masks(probabilities, torch.float64), seed=st.integers(0, 99))
@laws
def test_the_order_of_the_pixels_does_not_matter(
    loss: MaskLoss, pair: tuple[Tensor, Tensor], seed: int
) -> None:
    a, b = pair
    order = torch.randperm(a.shape[1], generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(loss(a[:, order], b[:, order]), loss(a, b))


@pytest.mark.parametrize("loss", [each for each in OF_PROBABILITIES if each.id != "dice-below"])
@given(pair=masks(probabilities))
@laws
def test_equal_binary_masks_cost_nothing_empty_ones_included(
    loss: MaskLoss, pair: tuple[Tensor, Tensor]
) -> None:
    _, target = pair
    torch.testing.assert_close(loss(target, target), torch.zeros(len(target)), atol=1e-6, rtol=0)


@every_loss_of_logits
def test_large_and_right_logits_cost_nothing(loss: MaskLoss) -> None:
    target = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    torch.testing.assert_close(loss(100 * (2 * target - 1), target), torch.zeros(3))


@every_loss
def test_no_masks_give_no_losses_and_an_empty_gradient(loss: MaskLoss) -> None:
    pred = torch.zeros(0, 5, requires_grad=True)
    values = loss(pred, torch.zeros(0, 5))
    assert values.shape == (0,)
    assert gradient(values, pred).shape == (0, 5)


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_widened_before_sums_overflow(loss: MaskLoss, dtype: torch.dtype) -> None:
    pred = torch.full((1, 100_000), 0.5, dtype=dtype, requires_grad=True)
    target = torch.ones(1, 100_000, dtype=dtype)
    values = loss(pred, target)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, loss(pred.float(), target.float()))
    assert gradient(values, pred).isfinite().all()


@every_loss
def test_autocast_changes_nothing(loss: MaskLoss) -> None:
    pred = torch.rand(3, 50, generator=torch.Generator().manual_seed(0))
    target = pred.round()
    with torch.autocast("cpu", torch.bfloat16):
        inside = loss(pred, target)
    torch.testing.assert_close(inside, loss(pred, target))


@every_loss
@pytest.mark.usefixtures("signatures_unchecked")
def test_masks_that_do_not_pair_up_are_refused(loss: MaskLoss) -> None:
    with pytest.raises(ValueError, match="must pair up"):
        loss(torch.zeros(2, 3), torch.zeros(2, 4))


@every_loss
@pytest.mark.usefixtures("signatures_unchecked")
def test_images_with_height_and_width_are_refused(loss: MaskLoss) -> None:
    images = torch.zeros(2, 3, 4, 5)
    found = r"must be of shape \[n, (k, )?p\]: got \["
    with pytest.raises(ValueError, match=found):
        loss(images, images)


@every_loss
def test_following_the_gradient_brings_a_mask_to_its_target(loss: MaskLoss) -> None:
    target = torch.tensor([[1.0, 1.0, 0.0, 0.0, 0.0, 1.0]])
    pred = torch.tensor([[0.4, 0.6, 0.5, 0.3, 0.6, 0.55]], requires_grad=True)
    optimizer = torch.optim.Adam([pred], lr=0.05)
    start = loss(pred, target).item()
    for _ in range(40):
        optimizer.zero_grad()
        loss(pred, target).sum().backward()
        optimizer.step()
    assert loss(pred, target).item() < 0.6 * start
