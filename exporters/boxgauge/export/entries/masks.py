"""The catalog's losses of masks: float32, one value an image."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import masks as examples
from boxgauge.export.ports import Port
from boxgauge.losses import dice_loss, soft_miou_loss

_LOSS = (Port("loss", "float32", ("n",)),)
_MASKS = tuple(Port(name, "float32", ("n", "p")) for name in ("prob", "target"))
_CLASS_MASKS = tuple(Port(name, "float32", ("n", "k", "p")) for name in ("prob", "target"))

MASKS: tuple[Entry, ...] = (
    Entry(
        name="dice_loss",
        family="loss",
        topic="masks",
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
        topic="masks",
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
)
