"""The catalog's Pascal VOC graphs: matching and average precision, float64 and integers."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import voc as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import match_voc, voc_average_precision
from boxgauge.metrics.voc_average_precision import VOC_POINTS

_VOC = (
    "Everingham et al., The PASCAL Visual Object Classes (VOC) Challenge, IJCV 2010; VOCdevkit 2012"
)

VOC: tuple[Entry, ...] = (
    Entry(
        name="match_voc",
        family="matching",
        kernel=match_voc,
        inputs=(
            Port("dt_image", "int64", ("d",)),
            Port("dt_label", "int64", ("d",)),
            Port("dt_boxes", "float64", ("d", 4)),
            Port("dt_scores", "float64", ("d",)),
            Port("gt_image", "int64", ("g",)),
            Port("gt_label", "int64", ("g",)),
            Port("gt_boxes", "float64", ("g", 4)),
            Port("gt_difficult", "bool", ("g",)),
            Port("iou_thresholds", "float64", ("t",)),
            Port("pixel", "float64", (1,)),
        ),
        outputs=(
            Port("match", "int64", ("d",)),
            Port("overlap", "float64", ("d",)),
            Port("outcome", "int64", ("t", "d")),
        ),
        example=examples.scenes,
        parity_examples=examples.hard_scenes,
        reference=_VOC,
    ),
    Entry(
        name="voc_average_precision",
        family="report",
        kernel=voc_average_precision,
        inputs=(
            Port("label", "int64", ("n",)),
            Port("scores", "float64", ("n",)),
            Port("outcome", "int64", ("t", "n")),
            Port("positives", "int64", ("k",)),
            Port("recall_points", "float64", (VOC_POINTS,)),
        ),
        outputs=(
            Port("all_point", "float64", ("t", "k")),
            Port("eleven_point", "float64", ("t", "k")),
            Port("recall", "float64", ("t", "k")),
            Port("defined", "bool", ("k",)),
        ),
        example=examples.outcomes,
        parity_examples=examples.hard_outcomes,
        reference=_VOC,
    ),
)
