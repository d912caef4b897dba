"""The catalog's losses of paired boxes: float32, one value a pair."""

from functools import partial

from boxgauge.export.entry import Entry, Kernel
from boxgauge.export.examples import boxes as examples
from boxgauge.export.ports import Port
from boxgauge.losses import (
    alpha_iou_loss,
    balanced_l1_loss,
    ciou_loss,
    diou_loss,
    eiou_loss,
    focal_eiou_loss,
    giou_loss,
    huber_loss,
    inner_iou_loss,
    iou_loss,
    l1_loss,
    mpdiou_loss,
    nwd_loss,
    shape_iou_loss,
    siou_loss,
    smooth_l1_loss,
    wise_iou_loss,
    wise_iou_v2_loss,
    wise_iou_v3_loss,
)

_LOSS = Port("loss", "float32", ("n",))
_BOXES = tuple(Port(name, "float32", ("n", 4)) for name in ("pred", "target"))
_CENTRES = tuple(Port(name, "float32", ("n", 4)) for name in ("pred_cxcywh", "target_cxcywh"))
_IMAGE_SIZE = Port("image_size", "float32", ("n", 2))

_boxes_entry = partial(Entry, family="loss", topic="boxes", tensorrt=True)


def _of_corners(name: str, kernel: Kernel, reference: str) -> Entry:
    """Return the entry of a loss of two boxes in corner form, and of nothing else."""
    return _boxes_entry(
        name=name,
        kernel=kernel,
        inputs=_BOXES,
        outputs=(_LOSS,),
        gradient_of=("pred",),
        per_pair=True,
        example=examples.box_pairs,
        parity_examples=examples.extreme_box_pairs,
        reference=reference,
    )


def _of_centres(name: str, kernel: Kernel, reference: str) -> Entry:
    """Return the entry of a loss of the four numbers of boxes in centre form."""
    return _boxes_entry(
        name=name,
        kernel=kernel,
        inputs=_CENTRES,
        outputs=(_LOSS,),
        gradient_of=("pred_cxcywh",),
        per_pair=True,
        example=examples.centre_pairs,
        parity_examples=examples.extreme_centre_pairs,
        reference=reference,
    )


def _with_mean(name: str, kernel: Kernel) -> Entry:
    """Return the entry of a Wise-IoU with a running mean, which ties the pairs together."""
    return _boxes_entry(
        name=name,
        kernel=kernel,
        inputs=(*_BOXES, Port("mean_iou_loss", "float32", (1,))),
        outputs=(_LOSS, Port("next_mean_iou_loss", "float32", (1,))),
        gradient_of=("pred",),
        example=examples.boxes_and_mean,
        parity_examples=examples.extreme_boxes_and_means,
        reference=_WISE,
    )


_EIOU = "Zhang et al., Focal and Efficient IOU Loss, Neurocomputing 2022"
_WISE = "Tong et al., Wise-IoU, 2023"

BOXES: tuple[Entry, ...] = (
    _of_corners(
        "iou_loss",
        iou_loss,
        "Yu et al., UnitBox: An Advanced Object Detection Network, ACM MM 2016",
    ),
    _of_corners(
        "giou_loss",
        giou_loss,
        "Rezatofighi et al., Generalized Intersection over Union, CVPR 2019",
    ),
    _of_corners("diou_loss", diou_loss, "Zheng et al., Distance-IoU Loss, AAAI 2020"),
    _of_corners("ciou_loss", ciou_loss, "Zheng et al., Distance-IoU Loss, AAAI 2020"),
    _of_corners("eiou_loss", eiou_loss, _EIOU),
    _of_corners("focal_eiou_loss", focal_eiou_loss, _EIOU),
    _of_corners("siou_loss", siou_loss, "Gevorgyan, SIoU Loss, 2022"),
    _of_corners("alpha_iou_loss", alpha_iou_loss, "He et al., Alpha-IoU, NeurIPS 2021"),
    _of_corners("wise_iou_loss", wise_iou_loss, _WISE),
    _with_mean("wise_iou_v2_loss", wise_iou_v2_loss),
    _with_mean("wise_iou_v3_loss", wise_iou_v3_loss),
    _boxes_entry(
        name="mpdiou_loss",
        kernel=mpdiou_loss,
        inputs=(*_BOXES, _IMAGE_SIZE),
        outputs=(_LOSS,),
        gradient_of=("pred",),
        per_pair=True,
        example=examples.boxes_in_images,
        parity_examples=examples.extreme_boxes_in_images,
        reference="Ma and Xu, MPDIoU, 2023",
    ),
    _of_corners("inner_iou_loss", inner_iou_loss, "Zhang et al., Inner-IoU, 2023"),
    _of_corners("shape_iou_loss", shape_iou_loss, "Zhang and Zhang, Shape-IoU, 2023"),
    _of_corners(
        "nwd_loss", nwd_loss, "Wang et al., A Normalized Gaussian Wasserstein Distance, 2021"
    ),
    _of_centres("l1_loss", l1_loss, "Carion et al., DETR, ECCV 2020"),
    _of_centres("smooth_l1_loss", smooth_l1_loss, "Girshick, Fast R-CNN, ICCV 2015"),
    _of_centres(
        "huber_loss",
        huber_loss,
        "Huber, Robust Estimation of a Location Parameter, Ann. Math. Statist. 35, 1964",
    ),
    _of_centres("balanced_l1_loss", balanced_l1_loss, "Pang et al., Libra R-CNN, CVPR 2019"),
)
