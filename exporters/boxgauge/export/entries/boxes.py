"""The catalog's losses of paired boxes: float32, one value a pair."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import boxes as examples
from boxgauge.export.ports import Port
from boxgauge.losses import ciou_loss, giou_loss, iou_loss, smooth_l1_loss

_LOSS = (Port("loss", "float32", ("n",)),)
_BOXES = tuple(Port(name, "float32", ("n", 4)) for name in ("pred", "target"))
_CENTRES = tuple(Port(name, "float32", ("n", 4)) for name in ("pred_cxcywh", "target_cxcywh"))

BOXES: tuple[Entry, ...] = (
    Entry(
        name="iou_loss",
        family="loss",
        topic="boxes",
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
        topic="boxes",
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
        topic="boxes",
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
        topic="boxes",
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
)
