"""The catalog's losses: float32, one value a row unless the entry says otherwise."""

from boxgauge.export import examples
from boxgauge.export.entry import Entry
from boxgauge.export.ports import Port
from boxgauge.losses import (
    ap_loss,
    bce_loss,
    bce_with_logits_loss,
    ciou_loss,
    detection_loss,
    dice_loss,
    focal_loss,
    giou_loss,
    iou_loss,
    smooth_l1_loss,
    soft_miou_loss,
)

_LOSS = (Port("loss", "float32", ("n",)),)
_ONE = (1,)
_BOXES = tuple(Port(name, "float32", ("n", 4)) for name in ("pred", "target"))
_CENTRES = tuple(Port(name, "float32", ("n", 4)) for name in ("pred_cxcywh", "target_cxcywh"))
_LOGITS = tuple(Port(name, "float32", ("n",)) for name in ("logits", "target"))
_PROBABILITIES = tuple(Port(name, "float32", ("n",)) for name in ("prob", "target"))
_MASKS = tuple(Port(name, "float32", ("n", "p")) for name in ("prob", "target"))
_CLASS_MASKS = tuple(Port(name, "float32", ("n", "k", "p")) for name in ("prob", "target"))

LOSSES = (
    Entry(
        name="iou_loss",
        family="loss",
        kernel=iou_loss,
        inputs=_BOXES,
        outputs=_LOSS,
        gradient_of=("pred",),
        per_pair=True,
        tensorrt=True,
        example=examples.box_pairs,
        parity_examples=examples.extreme_box_pairs,
        reference="Yu et al., UnitBox: An Advanced Object Detection Network, ACM MM 2016",
    ),
    Entry(
        name="giou_loss",
        family="loss",
        kernel=giou_loss,
        inputs=_BOXES,
        outputs=_LOSS,
        gradient_of=("pred",),
        per_pair=True,
        tensorrt=True,
        example=examples.box_pairs,
        parity_examples=examples.extreme_box_pairs,
        reference="Rezatofighi et al., Generalized Intersection over Union, CVPR 2019",
    ),
    Entry(
        name="ciou_loss",
        family="loss",
        kernel=ciou_loss,
        inputs=_BOXES,
        outputs=_LOSS,
        gradient_of=("pred",),
        per_pair=True,
        tensorrt=True,
        example=examples.box_pairs,
        parity_examples=examples.extreme_box_pairs,
        reference="Zheng et al., Distance-IoU Loss, AAAI 2020",
    ),
    Entry(
        name="smooth_l1_loss",
        family="loss",
        kernel=smooth_l1_loss,
        inputs=_CENTRES,
        outputs=_LOSS,
        gradient_of=("pred_cxcywh",),
        per_pair=True,
        tensorrt=True,
        example=examples.centre_pairs,
        parity_examples=examples.extreme_centre_pairs,
        reference="Girshick, Fast R-CNN, ICCV 2015",
    ),
    Entry(
        name="bce_loss",
        family="loss",
        kernel=bce_loss,
        inputs=_PROBABILITIES,
        outputs=_LOSS,
        gradient_of=("prob",),
        per_pair=True,
        tensorrt=True,
        example=examples.probabilities_and_labels,
        parity_examples=examples.extreme_probabilities,
        reference="Good, Rational Decisions, J. Royal Statistical Society B 14, 1952",
    ),
    Entry(
        name="bce_with_logits_loss",
        family="loss",
        kernel=bce_with_logits_loss,
        inputs=_LOGITS,
        outputs=_LOSS,
        gradient_of=("logits",),
        per_pair=True,
        tensorrt=True,
        example=examples.logits_and_labels,
        parity_examples=examples.extreme_logits,
        reference="Good, Rational Decisions, J. Royal Statistical Society B 14, 1952",
    ),
    Entry(
        name="focal_loss",
        family="loss",
        kernel=focal_loss,
        inputs=_LOGITS,
        outputs=_LOSS,
        gradient_of=("logits",),
        per_pair=True,
        tensorrt=True,
        example=examples.logits_and_labels,
        parity_examples=examples.extreme_logits,
        reference="Lin et al., Focal Loss for Dense Object Detection, ICCV 2017",
    ),
    Entry(
        name="dice_loss",
        family="loss",
        kernel=dice_loss,
        inputs=_MASKS,
        outputs=_LOSS,
        gradient_of=("prob",),
        per_pair=True,
        tensorrt=True,
        example=examples.soft_masks,
        parity_examples=examples.extreme_soft_masks,
        reference="Milletari et al., V-Net, 3DV 2016",
    ),
    Entry(
        name="soft_miou_loss",
        family="loss",
        kernel=soft_miou_loss,
        inputs=_CLASS_MASKS,
        outputs=_LOSS,
        gradient_of=("prob",),
        per_pair=True,
        tensorrt=True,
        example=examples.soft_class_masks,
        parity_examples=examples.extreme_soft_class_masks,
        reference="Rahman and Wang, Optimizing Intersection-Over-Union in Deep Neural Networks, "
        "ISVC 2016",
    ),
    Entry(
        name="ap_loss",
        family="loss",
        kernel=ap_loss,
        inputs=_LOGITS,
        outputs=(Port("loss", "float32", _ONE),),
        gradient_of=("logits",),
        example=examples.logits_and_labels,
        parity_examples=examples.ranking_cases,
        reference="Chen et al., Towards Accurate One-Stage Object Detection with AP-Loss, "
        "CVPR 2019",
    ),
    Entry(
        name="detection_loss",
        family="loss",
        kernel=detection_loss,
        inputs=(
            *_LOGITS,
            Port("pred", "float32", ("m", 4)),
            Port("target_boxes", "float32", ("m", 4)),
            Port("weights", "float32", (3,)),
        ),
        outputs=tuple(
            Port(name, "float32", _ONE) for name in ("loss", "focal", "giou", "smooth_l1")
        ),
        gradient_of=("logits", "pred"),
        tensorrt=True,
        example=examples.detections,
        parity_examples=examples.extreme_detections,
        reference="Focal loss (Lin et al. 2017), GIoU (Rezatofighi et al. 2019) and Smooth L1 "
        "(Girshick 2015), weighted and added",
    ),
)
