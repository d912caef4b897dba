"""How good the models are: average precision within its intervals, and what goes with it."""

from panels import CHOSEN, MODELS, Panel, each_model, with_intervals

WHOLE = f'{MODELS}, slice=""'
ALERTS = Panel(
    "Alerts",
    "Pending and firing alerts of the shipped rules; docs/alerts.md says what to do.",
    "short",
    (('ALERTS{alertname=~"BoxGauge.+"}', "{{alertname}} {{alertstate}} {{model}} {{slice}}"),),
    width=24,
)

QUALITY: dict[str, tuple[Panel, ...]] = {
    "Alerts": (ALERTS,),
    "AP50 of $model and how sure it is": (with_intervals("AP50 of $model", "0.50"),),
    "AP over IoU 0.50:0.95 of $model and how sure it is": (
        with_intervals("AP of $model", "0.50:0.95"),
    ),
    "Quality: $monitor over $window": (
        Panel(
            "Average precision by IoU",
            "AP over all classes and areas; 0.50:0.95 is the mean over ten thresholds.",
            "percentunit",
            ((f'boxgauge_average_precision{{{CHOSEN}, area="all"}}', "{{model}} IoU {{iou}}"),),
            maximum=1,
        ),
        Panel(
            "Average precision by area",
            "AP at IoU 0.50:0.95 of small, medium and large objects, of all images only; absent "
            "where there are none.",
            "percentunit",
            (
                (
                    f'boxgauge_average_precision{{{WHOLE}, iou="0.50:0.95", area!="all"}}',
                    "{{model}} {{area}}",
                ),
            ),
            maximum=1,
        ),
        Panel(
            "Average recall",
            "AR at IoU 0.50:0.95 by area and by the number of detections an image may have.",
            "percentunit",
            (
                (
                    f"boxgauge_average_recall{{{CHOSEN}}}",
                    "{{model}} {{area}} at {{max_detections}}",
                ),
            ),
            maximum=1,
        ),
        Panel(
            "At the operating point",
            "At IoU 0.50 and the monitor's score threshold, over the detections that count.",
            "percentunit",
            each_model(
                ("boxgauge_precision", "precision"),
                ("boxgauge_recall", "recall"),
                ("boxgauge_f1", "F1"),
            ),
            maximum=1,
        ),
        Panel(
            "At the best score threshold",
            "The threshold with the highest F1, all classes together, and what it lets through.",
            "percentunit",
            each_model(
                ("boxgauge_best_score_threshold", "threshold"),
                ("boxgauge_best_precision", "precision"),
                ("boxgauge_best_recall", "recall"),
                ("boxgauge_best_f1", "F1"),
            ),
            maximum=1,
        ),
        Panel(
            "True positives, false positives, false negatives",
            "Counts at IoU 0.50 and the score threshold; a corrected label may lower them.",
            "short",
            each_model(
                ("boxgauge_true_positives", "true positives"),
                ("boxgauge_false_positives", "false positives"),
                ("boxgauge_false_negatives", "false negatives"),
            ),
        ),
        Panel(
            "Calibration error",
            "D-ECE: mean distance of score and precision. 0: a score of 0.8 is right in 80%.",
            "percentunit",
            each_model(("boxgauge_calibration_error", "")),
        ),
        Panel(
            "Losses",
            "Mean of each configured loss over pairs matched at IoU 0.50, or over scores.",
            "short",
            ((f"boxgauge_loss_mean{{{CHOSEN}}}", "{{model}} {{loss}}"),),
        ),
        Panel(
            "AP50 by slice",
            "Each slice by itself; few images make wide intervals, which are not shown here.",
            "percentunit",
            (
                (
                    f'boxgauge_average_precision{{{MODELS}, slice!="", iou="0.50", area="all"}}',
                    "{{model}} {{slice}}",
                ),
            ),
            maximum=1,
        ),
    ),
    "Classes, all images": (
        Panel(
            "AP by class",
            "AP over IoU 0.50:0.95 with its 95% interval, and how many objects it rests on.",
            "percentunit",
            (
                (f"boxgauge_class_average_precision{{{MODELS}}}", "AP"),
                (f"boxgauge_class_average_precision_confidence_low{{{MODELS}}}", "95% low"),
                (f"boxgauge_class_average_precision_confidence_high{{{MODELS}}}", "95% high"),
            ),
            width=16,
            maximum=1,
            kind="table",
        ),
        Panel(
            "Objects by class",
            "Ground truths of each class; classes beyond BOXGAUGE_MAX_EXPORTED_CLASSES are "
            "counted and have no series.",
            "short",
            (
                (f"boxgauge_class_positives{{{MODELS}}}", "{{model}} {{class}}"),
                (f"boxgauge_unexported_classes{{{MODELS}}}", "{{model}} classes not shown"),
            ),
        ),
    ),
}
