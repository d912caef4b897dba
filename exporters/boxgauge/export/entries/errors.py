"""The catalog's graphs of what goes wrong: overlaps, confusion, TIDE's errors, LRP."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import errors as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import (
    coco_overlap,
    confusion_matrix,
    image_overlaps,
    optimal_lrp,
    tide_errors,
)

_COCO = "Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014"

ERRORS: tuple[Entry, ...] = (
    Entry(
        name="overlap",
        family="metric",
        kernel=coco_overlap,
        inputs=(
            Port("dt_boxes", "float64", ("n", 4)),
            Port("gt_boxes", "float64", ("n", 4)),
            Port("crowd", "bool", ("n",)),
        ),
        outputs=(Port("iou", "float64", ("n",)),),
        example=examples.box_pairs,
        parity_examples=examples.hard_box_pairs,
        reference=_COCO,
        per_pair=True,
    ),
    Entry(
        name="image_overlaps",
        family="matching",
        kernel=image_overlaps,
        inputs=(
            Port("dt_image", "int64", ("d",)),
            Port("dt_boxes", "float64", ("d", 4)),
            Port("gt_image", "int64", ("g",)),
            Port("gt_boxes", "float64", ("g", 4)),
            Port("gt_crowd", "bool", ("g",)),
            Port("least", "float64", (1,)),
        ),
        outputs=(
            Port("pair_dt", "int64", ("p",)),
            Port("pair_gt", "int64", ("p",)),
            Port("overlap", "float64", ("p",)),
        ),
        example=examples.images,
        parity_examples=examples.hard_images,
        reference=_COCO,
    ),
    Entry(
        name="confusion_matrix",
        family="metric",
        kernel=confusion_matrix,
        inputs=(
            Port("dt_label", "int64", ("d",)),
            Port("dt_truth", "int64", ("d",)),
            Port("dt_scores", "float64", ("d",)),
            Port("positives", "int64", ("k",)),
            Port("score_threshold", "float64", (1,)),
        ),
        outputs=(
            Port("counts", "int64", ("k", "k")),
            Port("false_positives", "int64", ("k",)),
            Port("missed", "int64", ("k",)),
        ),
        example=examples.confusions,
        parity_examples=examples.hard_confusions,
        reference="Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 2006",
    ),
    Entry(
        name="tide_errors",
        family="metric",
        kernel=tide_errors,
        inputs=(
            Port("dt_label", "int64", ("d",)),
            Port("dt_scores", "float64", ("d",)),
            Port("dt_found", "bool", ("d",)),
            Port("gt_label", "int64", ("g",)),
            Port("gt_counted", "bool", ("g",)),
            Port("gt_found", "bool", ("g",)),
            Port("pair_dt", "int64", ("p",)),
            Port("pair_gt", "int64", ("p",)),
            Port("overlap", "float64", ("p",)),
            Port("iou_threshold", "float64", (1,)),
            Port("background_iou", "float64", (1,)),
        ),
        outputs=(
            Port("kind", "int64", ("d",)),
            Port("target", "int64", ("d",)),
            Port("fixed", "bool", ("d",)),
            Port("missed", "bool", ("g",)),
        ),
        example=examples.mistakes,
        parity_examples=examples.hard_mistakes,
        reference="Bolya et al., TIDE: A General Toolbox for Identifying Object Detection Errors, "
        "ECCV 2020; tidecv 1.0.1",
    ),
    Entry(
        name="optimal_lrp",
        family="metric",
        kernel=optimal_lrp,
        inputs=(
            Port("label", "int64", ("n",)),
            Port("scores", "float64", ("n",)),
            Port("outcome", "int64", ("n",)),
            Port("iou", "float64", ("n",)),
            Port("positives", "int64", ("k",)),
            Port("iou_threshold", "float64", (1,)),
        ),
        outputs=(
            *(
                Port(name, "float64", ("k",))
                for name in (
                    "olrp",
                    "localisation",
                    "false_positive",
                    "false_negative",
                    "score_threshold",
                )
            ),
            Port("defined", "bool", ("k",)),
            Port("attained", "bool", ("k",)),
        ),
        example=examples.found,
        parity_examples=examples.hard_found,
        reference="Oksuz et al., Localization Recall Precision (LRP): A New Performance Metric for "
        "Object Detection, ECCV 2018",
    ),
)
