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
    with pytest.raises(ValueError, match=r"must be of shape \[n, 4\]: got \[2, 3\]"):
        unwrap(loss)(torch.zeros(2, 3), torch.zeros(2, 3))


@pytest.mark.parametrize("eps", [0.0, 1e-17, float("nan")])
@pytest.mark.parametrize("loss", [*BOX_LOSSES, losses.nwd_loss, losses.wise_iou_loss])
def test_a_floor_that_is_none_is_refused(loss: Callable[..., torch.Tensor], eps: float) -> None:
    with pytest.raises(ValueError, match=rf"eps must be in \[1e-16, 1e6\]: got {eps}"):
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


@pytest.mark.parametrize(
    "loss",
    [losses.l1_loss, losses.smooth_l1_loss, losses.huber_loss, losses.balanced_l1_loss],
)
@pytest.mark.parametrize("shape", [(2, 3), (2, 5), (4,), (2, 3, 4)], ids=str)
def test_what_is_no_row_of_four_is_refused(
    loss: Callable[..., torch.Tensor], shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"must be of shape \[n, 4\]: got \["):
        unwrap(loss)(torch.zeros(shape), torch.zeros(shape))


@pytest.mark.parametrize(
    "loss",
    [
        losses.ap_loss,
        losses.rank_sort_loss,
        losses.smooth_ap_loss,
        losses.soft_f_beta_loss,
        losses.soft_precision_loss,
        losses.soft_recall_loss,
        lambda *pair: losses.alrp_loss(*pair, pair[1]),
        lambda *pair: losses.detection_precision_loss(*pair, pair[1]),
        lambda *pair: losses.soft_average_precision_loss(*pair, pair[1]),
        lambda *pair: losses.ghm_c_loss(*pair, torch.zeros(10)),
    ],
)
@pytest.mark.parametrize("shape", [(), (2, 1), (1, 2)], ids=str)
@pytest.mark.usefixtures("signatures_unchecked")
def test_logits_that_are_no_row_are_refused(
    loss: Callable[..., torch.Tensor], shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"must be of shape \[n\]: got \["):
        loss(torch.zeros(shape), torch.ones(shape))


@pytest.mark.parametrize("state", [(), (2,), (1, 1)], ids=str)
@pytest.mark.usefixtures("signatures_unchecked")
def test_a_state_of_another_shape_is_refused(state: tuple[int, ...]) -> None:
    boxes = torch.ones(2, 4)
    for loss in (losses.wise_iou_v2_loss, losses.wise_iou_v3_loss):
        with pytest.raises(ValueError, match=r"mean_iou_loss must be of shape \[1\]: got"):
            loss(boxes, boxes, torch.ones(state))
    if len(state) != 1:
        with pytest.raises(ValueError, match=r"bin_counts must be of shape \[bins\]: got"):
            losses.ghm_c_loss(torch.zeros(2), torch.ones(2), torch.ones(state))


@pytest.mark.usefixtures("signatures_unchecked")
def test_class_counts_need_rows_of_logits_and_one_for_each_class() -> None:
    classes, counts = torch.tensor([0]), torch.zeros(3, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"logits must be \[n, k\]"):
        losses.seesaw_loss(torch.tensor(0.0), classes, counts)
    with pytest.raises(ValueError, match="one count for each class"):
        losses.seesaw_loss(torch.zeros(1, 2), classes, counts)


@pytest.mark.parametrize("loss", [losses.dice_loss, losses.soft_miou_loss])
def test_masks_that_do_not_pair_up_are_refused(loss: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="must pair up"):
        unwrap(loss)(torch.zeros(1, 2, 5), torch.zeros(1, 2, 6))
