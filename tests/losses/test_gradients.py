"""The gradients that are derivatives, against finite differences in float64."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from boxgauge.losses import (
    asymmetric_loss,
    bce_loss,
    bce_with_logits_loss,
    combo_loss,
    cross_entropy_loss,
    dice_bce_loss,
    dice_loss,
    distribution_focal_loss,
    focal_loss,
    focal_tversky_loss,
    giou_loss,
    iou_loss,
    lovasz_hinge_loss,
    lovasz_softmax_loss,
    poly_focal_loss,
    poly_loss,
    quality_focal_loss,
    smooth_l1_loss,
    soft_jaccard_loss,
    soft_miou_loss,
    tversky_loss,
    varifocal_loss,
)

Loss = Callable[[Tensor, Tensor], Tensor]


def uniform(*shape: int, low: float, high: float, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(*shape, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(iou_loss, id="iou"),
        pytest.param(giou_loss, id="giou"),
        pytest.param(smooth_l1_loss, id="smooth-l1"),
        pytest.param(partial(smooth_l1_loss, beta=0.0), id="l1"),
        pytest.param(partial(smooth_l1_loss, beta=20.0), id="smooth-l1-parabola"),
    ],
)
def test_box_losses(loss: Loss) -> None:
    # Rows in general position: crossing, apart and inverted, never on a kink.
    pred = uniform(12, 4, low=-20, high=20, seed=0).requires_grad_()
    target = uniform(12, 4, low=-20, high=20, seed=1)
    assert torch.autograd.gradcheck(loss, (pred, target))


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(bce_with_logits_loss, id="bce-with-logits"),
        pytest.param(focal_loss, id="focal"),
        pytest.param(partial(focal_loss, alpha=-1, gamma=0.3), id="focal-gamma-below-1"),
        pytest.param(partial(focal_loss, gamma=0), id="focal-gamma-0"),
        pytest.param(partial(bce_with_logits_loss, label_smoothing=0.1), id="bce-smoothed"),
        pytest.param(quality_focal_loss, id="quality-focal"),
        pytest.param(partial(quality_focal_loss, beta=1), id="quality-focal-beta-1"),
        pytest.param(partial(quality_focal_loss, beta=0), id="quality-focal-beta-0"),
        pytest.param(varifocal_loss, id="varifocal"),
        pytest.param(partial(varifocal_loss, iou_weighted=False), id="varifocal-unweighted"),
        pytest.param(partial(varifocal_loss, gamma=0.3), id="varifocal-gamma-below-1"),
        pytest.param(asymmetric_loss, id="asymmetric"),
        pytest.param(partial(asymmetric_loss, gamma_positive=1.5), id="asymmetric-both"),
        pytest.param(partial(asymmetric_loss, gamma_negative=0.4, clip=0), id="asymmetric-no-clip"),
        pytest.param(poly_focal_loss, id="poly-focal"),
        pytest.param(
            partial(poly_focal_loss, gamma=0.3, epsilon=-0.5, weigh_polynomial=False),
            id="poly-focal-gamma-below-1",
        ),
    ],
)
def test_losses_of_logits(loss: Loss) -> None:
    logits = uniform(16, low=-8, high=8, seed=2).requires_grad_()
    soft = uniform(16, low=0, high=1, seed=3)
    assert torch.autograd.gradcheck(loss, (logits, soft))
    assert torch.autograd.gradcheck(loss, (logits, soft.round()))


@pytest.mark.parametrize(
    ("loss", "shape"),
    [
        pytest.param(bce_loss, (16,), id="bce"),
        pytest.param(dice_loss, (3, 5), id="dice"),
        pytest.param(
            partial(dice_loss, denominator="squared", smoothing="below"), (3, 5), id="dice-v-net"
        ),
        pytest.param(tversky_loss, (3, 5), id="tversky"),
        pytest.param(focal_tversky_loss, (3, 5), id="focal-tversky"),
        pytest.param(
            partial(focal_tversky_loss, gamma=2.5, exponent="direct"),
            (3, 5),
            id="f-tversky-2.5",
        ),
        pytest.param(soft_jaccard_loss, (3, 5), id="soft-jaccard"),
        pytest.param(soft_miou_loss, (2, 3, 4), id="soft-miou"),
        pytest.param(lovasz_softmax_loss, (2, 3, 4), id="lovasz-softmax"),
        pytest.param(
            partial(lovasz_softmax_loss, classes="all"), (2, 3, 4), id="lovasz-softmax-all"
        ),
    ],
)
def test_losses_of_probabilities(loss: Loss, shape: tuple[int, ...]) -> None:
    prob = uniform(*shape, low=0.05, high=0.95, seed=4).requires_grad_()
    target = uniform(*shape, low=0, high=1, seed=5).round()
    assert torch.autograd.gradcheck(loss, (prob, target))


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(lovasz_hinge_loss, id="lovasz-hinge"),
        pytest.param(dice_bce_loss, id="dice-bce"),
        pytest.param(partial(combo_loss, alpha=0.3, beta=0.8), id="combo"),
    ],
)
def test_losses_of_logits_of_masks(loss: Loss) -> None:
    logits = uniform(3, 5, low=-4, high=4, seed=6).requires_grad_()
    target = uniform(3, 5, low=0, high=1, seed=7).round()
    assert torch.autograd.gradcheck(loss, (logits, target))


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(cross_entropy_loss, id="cross-entropy"),
        pytest.param(partial(cross_entropy_loss, label_smoothing=0.2), id="smoothed"),
        pytest.param(poly_loss, id="poly"),
        pytest.param(partial(poly_loss, epsilon=-1), id="poly-least-epsilon"),
    ],
)
def test_losses_of_a_class(loss: Loss) -> None:
    logits = uniform(8, 5, low=-6, high=6, seed=6).requires_grad_()
    # Two of the classes there are none of.
    target = torch.tensor([0, 1, 2, 3, 4, 2, -1, 5])
    assert torch.autograd.gradcheck(loss, (logits, target))


def test_distribution_focal_loss() -> None:
    logits = uniform(8, 5, low=-6, high=6, seed=7).requires_grad_()
    position = uniform(8, low=-1, high=5, seed=8)
    assert torch.autograd.gradcheck(distribution_focal_loss, (logits, position))
