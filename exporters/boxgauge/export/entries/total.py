"""The catalog's total losses: float32, one value and its terms."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import total as examples
from boxgauge.export.ports import Port
from boxgauge.losses import detection_loss

_LOGITS = tuple(Port(name, "float32", ("n",)) for name in ("logits", "target"))
_ONE = (1,)

TOTAL: tuple[Entry, ...] = (
    Entry(
        name="detection_loss",
        family="loss",
        topic="total",
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
