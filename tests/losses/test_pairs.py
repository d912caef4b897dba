from collections.abc import Callable
from functools import partial
from inspect import unwrap

import pytest
import torch

from boxgauge import losses
from tests.losses.strategies import gradient

BOX_LOSSES = [losses.iou_loss, losses.giou_loss, losses.ciou_loss]
ROW_LOSSES = [
    losses.bce_loss,
    losses.bce_with_logits_loss,
    losses.focal_loss,
    losses.ap_loss,
    losses.smooth_ap_loss,
    losses.soft_f_beta_loss,
    losses.soft_precision_loss,
    losses.soft_recall_loss,
]


@pytest.mark.parametrize("loss", [*BOX_LOSSES, losses.smooth_l1_loss])
def test_boxes_that_do_not_pair_up_are_refused(loss: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"must pair up: got shapes \[1, 4\] and \[3, 4\]"):
        unwrap(loss)(torch.zeros(1, 4), torch.zeros(3, 4))


@pytest.mark.parametrize("loss", BOX_LOSSES)
def test_what_is_no_box_is_refused(loss: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"boxes must be of shape \[n, 4\]: got \[2, 3\]"):
        unwrap(loss)(torch.zeros(2, 3), torch.zeros(2, 3))


@pytest.mark.parametrize("eps", [0.0, 1e-17, float("nan")])
@pytest.mark.parametrize("loss", [*BOX_LOSSES, losses.nwd_loss, losses.wise_iou_loss])
def test_a_floor_that_is_none_is_refused(loss: Callable[..., torch.Tensor], eps: float) -> None:
    with pytest.raises(ValueError, match=f"eps must be at least 1e-16: got {eps}"):
        loss(torch.zeros(1, 4), torch.zeros(1, 4), eps=eps)


@pytest.mark.parametrize("pred", [[1e6, 0.0, 1e6, 0.0], [-1e6, 0.0, 1e6, 0.0]])
@pytest.mark.parametrize(
    "loss",
    [
        *BOX_LOSSES,
        losses.nwd_loss,
        partial(losses.alpha_iou_loss, form="ciou", alpha=0.1),
        lambda *pair, eps: (
            losses.wise_iou_v2_loss(*pair, torch.zeros(1), gamma=3.0, momentum=0.0, eps=eps).loss
        ),
    ],
    ids=["iou", "giou", "ciou", "nwd", "alpha-ciou", "wise-iou-v2"],
)
def test_the_least_floor_keeps_empty_boxes_finite(
    loss: Callable[..., torch.Tensor], pred: list[float]
) -> None:
    boxes = torch.tensor([pred, [0.0] * 4], requires_grad=True)
    values = loss(boxes, torch.tensor([[1e6, 0.0, 1e6, 0.0], [0.0] * 4]), eps=1e-16)
    assert values.isfinite().all()
    assert gradient(values, boxes).isfinite().all()


@pytest.mark.parametrize("loss", ROW_LOSSES)
def test_rows_that_do_not_pair_up_are_refused(loss: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"must pair up: got shapes \[1\] and \[3\]"):
        unwrap(loss)(torch.zeros(1), torch.zeros(3))


@pytest.mark.parametrize("loss", [losses.dice_loss, losses.soft_miou_loss])
def test_masks_that_do_not_pair_up_are_refused(loss: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="must pair up"):
        unwrap(loss)(torch.zeros(1, 2, 5), torch.zeros(1, 2, 6))
