"""The dashboard's panels: what is plotted, and what the reader is told about it.

No panel averages AP over models, monitors or instances: a mean of APs is not an AP.
"""

from dataclasses import dataclass

CHOSEN = 'monitor="$monitor", model=~"$model"'


@dataclass(frozen=True)
class Panel:
    """One time series panel; ``unit`` is Grafana's name of it, ``queries`` are (PromQL, legend)."""

    title: str
    description: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    width: int = 8
    maximum: float | None = None


def quantile(of: str, by: str, share: float) -> str:
    """Return the PromQL for a quantile of the histogram ``of``, for each value of ``by``."""
    rate = f"rate({of}_bucket[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({by}, le) ({rate}))"


ROWS: dict[str, tuple[Panel, ...]] = {
    "Quality: $monitor": (
        Panel(
            "Average precision by IoU",
            "AP over all classes and areas; 0.50:0.95 is the mean over ten thresholds.",
            "percentunit",
            ((f'boxgauge_average_precision{{{CHOSEN}, area="all"}}', "{{model}} IoU {{iou}}"),),
            maximum=1,
        ),
        Panel(
            "Average precision by area",
            "AP at IoU 0.50:0.95 of small, medium and large objects; absent where there are none.",
            "percentunit",
            (
                (
                    f'boxgauge_average_precision{{{CHOSEN}, iou="0.50:0.95", area!="all"}}',
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
            "Precision and recall",
            "At IoU 0.50 and the monitor's score threshold, over the detections that count.",
            "percentunit",
            (
                (f"boxgauge_precision{{{CHOSEN}}}", "{{model}} precision"),
                (f"boxgauge_recall{{{CHOSEN}}}", "{{model}} recall"),
            ),
            maximum=1,
        ),
        Panel(
            "True positives, false positives, false negatives",
            "Counts at IoU 0.50 and the score threshold; a corrected label may lower them.",
            "short",
            (
                (f"boxgauge_true_positives{{{CHOSEN}}}", "{{model}} true positives"),
                (f"boxgauge_false_positives{{{CHOSEN}}}", "{{model}} false positives"),
                (f"boxgauge_false_negatives{{{CHOSEN}}}", "{{model}} false negatives"),
            ),
        ),
        Panel(
            "Losses",
            "Mean GIoU loss (0 to 2) of pairs matched at IoU 0.50; mean binary cross entropy of "
            "the score against matched (1) or not (0), ignored detections left out.",
            "short",
            (
                (f"boxgauge_giou_loss_mean{{{CHOSEN}}}", "{{model}} GIoU"),
                (f"boxgauge_bce_loss_mean{{{CHOSEN}}}", "{{model}} BCE"),
            ),
        ),
    ),
    "What the figures rest on": (
        Panel(
            "Label coverage",
            "Labelled share of the predicted images. Precision is that of the labelled ones.",
            "percentunit",
            ((f"boxgauge_label_coverage_ratio{{{CHOSEN}}}", "{{model}}"),),
            maximum=1,
        ),
        Panel(
            "Images and positives",
            "Images with both sides, predicted and labelled ones, and ground truths that count.",
            "short",
            (
                (f"boxgauge_images{{{CHOSEN}}}", "{{model}} images"),
                (f"boxgauge_predicted_images{{{CHOSEN}}}", "{{model}} predicted"),
                (f"boxgauge_positives{{{CHOSEN}}}", "{{model}} positives"),
                ('boxgauge_labelled_images{monitor="$monitor"}', "labelled"),
            ),
        ),
        Panel(
            "Age of the report",
            "Time since the figures above were last known to be current.",
            "s",
            (('boxgauge_report_age_seconds{monitor="$monitor"}', "{{instance}}"),),
        ),
    ),
    "Service": (
        Panel(
            "Instances",
            "1 while Prometheus can scrape it; its version and the provider it runs on.",
            "short",
            (
                ('up{job="boxgauge"}', "{{instance}} up"),
                ("boxgauge_build_info", "{{instance}} version {{version}}"),
                ("boxgauge_provider_info", "{{instance}} on {{provider}}"),
            ),
        ),
        Panel(
            "Frames",
            "Frames a second by side and outcome; unchanged ones had been taken before.",
            "cps",
            (
                (
                    "sum by (side, outcome) (rate(boxgauge_frames_total[$__rate_interval]))",
                    "{{side}} {{outcome}}",
                ),
            ),
        ),
        Panel(
            "Held boxes and image sides",
            "What is in memory beside the bounds, at which frames are refused.",
            "short",
            (
                ("boxgauge_held_boxes", "{{instance}} boxes"),
                ("boxgauge_held_boxes_limit", "{{instance}} bound on boxes"),
                ("boxgauge_held_images", "{{instance}} image sides"),
                ("boxgauge_held_images_limit", "{{instance}} bound on image sides"),
            ),
        ),
        Panel(
            "RPC time",
            "Median and 99th percentile; a stream is one call, as long as it lives.",
            "s",
            (
                (quantile("boxgauge_rpc_seconds", "method", 0.5), "{{method}} median"),
                (quantile("boxgauge_rpc_seconds", "method", 0.99), "{{method}} p99"),
            ),
        ),
        Panel(
            "RPCs",
            "Calls ended a second, by method and status.",
            "reqps",
            (
                (
                    "sum by (method, code) (rate(boxgauge_rpc_seconds_count[$__rate_interval]))",
                    "{{method}} {{code}}",
                ),
            ),
        ),
        Panel(
            "Report time",
            "Time to compute a report.",
            "s",
            (
                (quantile("boxgauge_report_seconds", "instance", 0.5), "{{instance}} median"),
                (quantile("boxgauge_report_seconds", "instance", 0.99), "{{instance}} p99"),
            ),
        ),
        Panel(
            "Batch time",
            "Time of one run of a graph.",
            "s",
            (
                (quantile("boxgauge_batch_seconds", "graph", 0.5), "{{graph}} median"),
                (quantile("boxgauge_batch_seconds", "graph", 0.99), "{{graph}} p99"),
            ),
            width=12,
        ),
        Panel(
            "Batch size",
            "Mean rows in one run of a graph: what batching across streams gains.",
            "short",
            (
                (
                    "sum by (graph) (rate(boxgauge_batch_items_sum[$__rate_interval]))"
                    " / sum by (graph) (rate(boxgauge_batch_items_count[$__rate_interval]))",
                    "{{graph}}",
                ),
            ),
            width=12,
        ),
    ),
}
