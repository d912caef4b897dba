"""The catalog's metrics and exact graphs: float64 and integers, never for TensorRT."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import metrics as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import mean_iou, precision_recall

METRICS: tuple[Entry, ...] = (
    Entry(
        name="mean_iou",
        family="metric",
        kernel=mean_iou,
        inputs=(
            Port("pred", "int64", ("n", "p")),
            Port("target", "int64", ("n", "p")),
            Port("classes", "int64", ("k",)),
        ),
        outputs=(
            Port("iou", "float64", ("k",)),
            Port("present", "bool", ("k",)),
            Port("miou", "float64", (1,)),
        ),
        example=examples.class_masks,
        parity_examples=examples.extreme_class_masks,
        reference="Everingham et al., The PASCAL Visual Object Classes Challenge: A Retrospective, "
        "IJCV 2015",
    ),
    Entry(
        name="precision_recall",
        family="metric",
        kernel=precision_recall,
        inputs=(
            Port("scores", "float64", ("d",)),
            Port("outcome", "int8", ("d",)),
            Port("positives", "int64", (1,)),
            Port("score_threshold", "float64", (1,)),
        ),
        outputs=(
            Port("precision", "float64", (1,)),
            Port("recall", "float64", (1,)),
            *(Port(name, "int64", (1,)) for name in ("tp", "fp", "fn")),
            Port("defined", "bool", (2,)),
        ),
        example=examples.outcomes,
        parity_examples=examples.extreme_outcomes,
        reference="Everingham et al., The PASCAL Visual Object Classes (VOC) Challenge, IJCV 2010",
    ),
)
