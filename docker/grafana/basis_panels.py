"""What the figures rest on, what is known before labels come, and two models compared."""

from panels import CHOSEN, PAIRS, Panel, each_model

BASIS: dict[str, tuple[Panel, ...]] = {
    "What the figures rest on": (
        Panel(
            "Label coverage",
            "Labelled share of the predicted images. Precision is that of the labelled ones.",
            "percentunit",
            each_model(("boxgauge_label_coverage_ratio", "")),
            maximum=1,
        ),
        Panel(
            "Label delay",
            "From an image's event to its label; median and p95 are upper ends of bins.",
            "s",
            ((f"boxgauge_label_delay_seconds{{{CHOSEN}}}", "{{model}} {{statistic}}"),),
        ),
        Panel(
            "Images by source of the label",
            "Labels of chosen images are not like those of random ones: with more than one "
            "source every figure is of a mixture, and alerts on precision are silent.",
            "short",
            (
                (f"boxgauge_source_images{{{CHOSEN}}}", "{{model}} {{source}}"),
                (f"boxgauge_label_sources{{{CHOSEN}}}", "{{model}} number of sources"),
            ),
        ),
        Panel(
            "Images and positives",
            "Images with both sides, predicted and labelled ones, and ground truths that count.",
            "short",
            (
                *each_model(
                    ("boxgauge_images", "images"),
                    ("boxgauge_predicted_images", "predicted"),
                    ("boxgauge_positives", "positives"),
                ),
                ('boxgauge_labelled_images{monitor="$monitor"}', "labelled"),
            ),
        ),
        Panel(
            "Age",
            "Of the reports: since they were last known to be current. Of the newest image: by "
            "its event time.",
            "s",
            (
                (
                    'time() - boxgauge_report_timestamp_seconds{monitor="$monitor"}',
                    "reports {{instance}}",
                ),
                (
                    'time() - boxgauge_watermark_timestamp_seconds{monitor="$monitor"}',
                    "newest image {{instance}}",
                ),
            ),
        ),
        Panel(
            "In no report",
            "Frames a second that no report counts: late, ahead of time, expired, folded.",
            "cps",
            (
                (
                    'rate(boxgauge_outcomes_total{monitor="$monitor"}[$__rate_interval])',
                    "{{outcome}}",
                ),
            ),
        ),
    ),
    "Before labels come": (
        Panel(
            "Drift: divergence",
            "Jensen-Shannon divergence (0 to ln 2) and population stability index of each "
            "feature of the predictions, to the reference.",
            "short",
            (
                (f"boxgauge_drift_jensen_shannon{{{CHOSEN}}}", "{{model}} {{feature}} JS"),
                (f"boxgauge_drift_psi{{{CHOSEN}}}", "{{model}} {{feature}} PSI"),
            ),
        ),
        Panel(
            "Drift: distance",
            "Kolmogorov-Smirnov distance, and Wasserstein distance in the feature's units.",
            "short",
            (
                (f"boxgauge_drift_ks{{{CHOSEN}}}", "{{model}} {{feature}} KS"),
                (f"boxgauge_drift_wasserstein{{{CHOSEN}}}", "{{model}} {{feature}} Wasserstein"),
            ),
        ),
        Panel(
            "Drift: test",
            "p-value, and 1 where it is below the level, corrected for the number of features.",
            "short",
            (
                (f"boxgauge_drift_p_value{{{CHOSEN}}}", "{{model}} {{feature}} p"),
                (f"boxgauge_drifted{{{CHOSEN}}}", "{{model}} {{feature}} drifted"),
            ),
            maximum=1,
        ),
        Panel(
            "AP50: estimated and labelled",
            "THE ESTIMATE comes from calibrated scores alone and is no measurement; beside it what "
            "labels say once they are there, and how far off it was on average.",
            "percentunit",
            (
                *each_model(
                    ("boxgauge_estimated_average_precision", "ESTIMATED AP50"),
                    ("boxgauge_estimated_average_precision_error", "mean error of the estimate"),
                ),
                (
                    f'boxgauge_average_precision{{{CHOSEN}, iou="0.50", area="all"}}',
                    "{{model}} labelled AP50",
                ),
            ),
            maximum=1,
        ),
        Panel(
            "Precision: estimated and labelled",
            "The same for precision at the score threshold.",
            "percentunit",
            each_model(
                ("boxgauge_estimated_precision", "ESTIMATED precision"),
                ("boxgauge_precision", "labelled precision"),
            ),
            maximum=1,
        ),
        Panel(
            "Images behind it",
            "Images held against the reference, those of the reference, and labelled images from "
            "which the estimate's calibration was learned.",
            "short",
            each_model(
                ("boxgauge_drift_images", "now"),
                ("boxgauge_drift_reference_images", "reference"),
                ("boxgauge_estimate_calibration_images", "calibration"),
            ),
        ),
    ),
    "Champion and challenger": (
        Panel(
            "AP50: challenger less champion",
            "On the images that both have. Above 0 with the whole 95% interval: it is better.",
            "percentunit",
            (
                (
                    f'boxgauge_comparison_difference{{{PAIRS}, statistic="AP50"}}',
                    "{{challenger}} less {{champion}}",
                ),
                (
                    f'boxgauge_comparison_difference_low{{{PAIRS}, statistic="AP50"}}',
                    "{{challenger}} less {{champion}}, lower end",
                ),
                (
                    f'boxgauge_comparison_difference_high{{{PAIRS}, statistic="AP50"}}',
                    "{{challenger}} less {{champion}}, upper end",
                ),
            ),
            width=12,
            is_signed=True,
        ),
        Panel(
            "p-value and images",
            "Chance of a difference at least as large between equally good models, by statistic.",
            "short",
            (
                (
                    f"boxgauge_comparison_p_value{{{PAIRS}}}",
                    "{{challenger}} to {{champion}} {{statistic}}",
                ),
                (f"boxgauge_comparison_images{{{PAIRS}}}", "{{challenger}} to {{champion}} images"),
            ),
            width=12,
        ),
    ),
}
