"""The catalog's losses of logits and probabilities: float32, one value a row."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import classification as examples
from boxgauge.export.ports import Port
from boxgauge.losses import bce_loss, bce_with_logits_loss, focal_loss

_LOSS = (Port("loss", "float32", ("n",)),)
_LOGITS = tuple(Port(name, "float32", ("n",)) for name in ("logits", "target"))
_PROBABILITIES = tuple(Port(name, "float32", ("n",)) for name in ("prob", "target"))

CLASSIFICATION: tuple[Entry, ...] = (
    Entry(
        name="bce_loss",
        family="loss",
        topic="classification",
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
        topic="classification",
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
        topic="classification",
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
)
