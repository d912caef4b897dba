"""The catalog's losses of a ranking: float32, one value for all rows."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import ranking as examples
from boxgauge.export.examples.classification import logits_and_labels
from boxgauge.export.ports import Port
from boxgauge.losses import alrp_loss, ap_loss, rank_sort_loss

_LOGITS = tuple(Port(name, "float32", ("n",)) for name in ("logits", "target"))


def _values(*names: str) -> tuple[Port, ...]:
    return tuple(Port(name, "float32", (1,)) for name in names)


RANKING: tuple[Entry, ...] = (
    Entry(
        name="ap_loss",
        family="loss",
        topic="ranking",
        kernel=ap_loss,
        inputs=_LOGITS,
        outputs=_values("loss"),
        gradient_of=("logits",),
        example=logits_and_labels,
        parity_examples=examples.ranking_cases,
        reference="Chen et al., Towards Accurate One-Stage Object Detection with AP-Loss, "
        "CVPR 2019",
    ),
    Entry(
        name="alrp_loss",
        family="loss",
        topic="ranking",
        kernel=alrp_loss,
        inputs=(*_LOGITS, Port("location_error", "float32", ("n",))),
        outputs=_values("loss", "classification", "localisation"),
        gradient_of=("logits", "location_error"),
        example=examples.located_logits,
        parity_examples=examples.located_ranking_cases,
        reference="Oksuz et al., A Ranking-based, Balanced Loss Function Unifying Classification "
        "and Localisation in Object Detection, NeurIPS 2020",
    ),
    Entry(
        name="rank_sort_loss",
        family="loss",
        topic="ranking",
        kernel=rank_sort_loss,
        inputs=_LOGITS,
        outputs=_values("loss", "ranking", "sorting"),
        gradient_of=("logits",),
        example=examples.logits_and_quality,
        parity_examples=examples.quality_ranking_cases,
        reference="Oksuz et al., Rank & Sort Loss for Object Detection and Instance "
        "Segmentation, ICCV 2021",
    ),
)
