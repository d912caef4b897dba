from collections.abc import Callable
from inspect import unwrap

import pytest
import torch

from boxgauge import losses

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


@pytest.mark.parametrize("loss", ROW_LOSSES)
def test_rows_that_do_not_pair_up_are_refused(loss: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"must pair up: got shapes \[1\] and \[3\]"):
        unwrap(loss)(torch.zeros(1), torch.zeros(3))


@pytest.mark.parametrize("loss", [losses.dice_loss, losses.soft_miou_loss])
def test_masks_that_do_not_pair_up_are_refused(loss: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="must pair up"):
        unwrap(loss)(torch.zeros(1, 2, 5), torch.zeros(1, 2, 6))
