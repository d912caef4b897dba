"""The catalog's losses of a ranking: float32, one value for all rows."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import ranking as examples
from boxgauge.export.examples.classification import logits_and_labels
from boxgauge.export.ports import Port
from boxgauge.losses import ap_loss

_LOGITS = tuple(Port(name, "float32", ("n",)) for name in ("logits", "target"))

RANKING: tuple[Entry, ...] = (
    Entry(
        name="ap_loss",
        family="loss",
        topic="ranking",
        kernel=ap_loss,
        inputs=_LOGITS,
        outputs=(Port("loss", "float32", (1,)),),
        gradient_of=("logits",),
        example=logits_and_labels,
        parity_examples=examples.ranking_cases,
        reference="Chen et al., Towards Accurate One-Stage Object Detection with AP-Loss, "
        "CVPR 2019",
    ),
)
