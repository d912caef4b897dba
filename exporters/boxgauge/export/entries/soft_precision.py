"""The catalog's precisions that are differentiable: float32, one value for all rows."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import soft_precision as examples
from boxgauge.export.ports import Port
from boxgauge.losses import detection_precision_loss

_CANDIDATES = tuple(Port(name, "float32", ("n",)) for name in ("logits", "target", "quality"))
_LOSS = (Port("loss", "float32", (1,)),)

SOFT_PRECISION: tuple[Entry, ...] = (
    Entry(
        name="detection_precision_loss",
        family="loss",
        topic="ranking",
        kernel=detection_precision_loss,
        inputs=_CANDIDATES,
        outputs=_LOSS,
        gradient_of=("logits", "quality"),
        tensorrt=True,
        example=examples.candidates,
        parity_examples=examples.candidate_cases,
        reference="BoxGauge's own: precision at several recalls, of scores and boxes together",
    ),
)
