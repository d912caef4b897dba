"""The catalog's exact graphs: COCO's matching and its report, float64 and integers."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import exact as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import match_detections, report_curves
from boxgauge.metrics.report import RECALL_POINTS

_COCO = "Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014; pycocotools 2.0.11"

EXACT: tuple[Entry, ...] = (
    Entry(
        name="match",
        version=2,
        family="matching",
        kernel=match_detections,
        inputs=(
            Port("dt_image", "int64", ("d",)),
            Port("dt_label", "int64", ("d",)),
            Port("dt_boxes", "float64", ("d", 4)),
            Port("dt_scores", "float64", ("d",)),
            Port("gt_image", "int64", ("g",)),
            Port("gt_label", "int64", ("g",)),
            Port("gt_boxes", "float64", ("g", 4)),
            Port("gt_areas", "float64", ("g",)),
            Port("gt_crowd", "bool", ("g",)),
            Port("gt_ignore", "bool", ("g",)),
            Port("iou_thresholds", "float64", ("t",)),
            Port("area_ranges", "float64", ("a", 2)),
            Port("max_detections", "int64", (1,)),
        ),
        outputs=(
            Port("rank", "int64", ("d",)),
            Port("candidate", "int64", ("c",)),
            Port("match", "int64", ("a", "t", "c")),
            Port("ignored", "bool", ("a", "t", "c")),
            Port("outside", "bool", ("a", "d")),
            Port("gt_ignored", "bool", ("a", "g")),
        ),
        example=examples.scenes,
        parity_examples=examples.hard_scenes,
        reference=f"{_COCO}; rounds: Gale and Shapley, College Admissions and the Stability of "
        "Marriage, 1962",
    ),
    Entry(
        name="report",
        version=2,
        family="report",
        kernel=report_curves,
        inputs=(
            Port("label", "int64", ("n",)),
            Port("scores", "float64", ("n",)),
            Port("rank", "int64", ("n",)),
            Port("code", "int64", ("n",)),
            Port("outcomes", "int64", ("p", "a", "t")),
            Port("positives", "int64", ("k", "a")),
            Port("max_detections", "int64", ("m",)),
            Port("recall_points", "float64", (RECALL_POINTS,)),
        ),
        outputs=(
            Port("precision", "float64", ("t", RECALL_POINTS, "k", "a", "m")),
            Port("recall", "float64", ("t", "k", "a", "m")),
            Port("scores_at", "float64", ("t", RECALL_POINTS, "k", "a", "m")),
        ),
        example=examples.outcomes,
        parity_examples=examples.hard_outcomes,
        reference=_COCO,
    ),
)
