"""Every exported series: the one table that telemetry, exposition and documents share."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Series:
    """One metric family.

    Attributes:
        name: As scraped.
        kind: Prometheus type.
        labels: Their names, in order.
        unit: Of the value, in words.
        meaning: One line, shown as HELP and in `docs/metrics.md`.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    labels: tuple[str, ...]
    unit: str
    meaning: str


_MODEL = ("monitor", "model")

QUALITY = (
    Series(
        "boxgauge_average_precision",
        "gauge",
        (*_MODEL, "iou", "area"),
        "ratio",
        "COCO average precision, mean over classes with ground truth, last max_detections.",
    ),
    Series(
        "boxgauge_average_recall",
        "gauge",
        (*_MODEL, "area", "max_detections"),
        "ratio",
        "COCO average recall, mean over classes with ground truth and IoU thresholds.",
    ),
    Series(
        "boxgauge_precision",
        "gauge",
        _MODEL,
        "ratio",
        "TP / (TP + FP) at the monitor's score threshold.",
    ),
    Series(
        "boxgauge_recall",
        "gauge",
        _MODEL,
        "ratio",
        "TP / positives at the monitor's score threshold.",
    ),
    Series(
        "boxgauge_true_positives",
        "gauge",
        _MODEL,
        "detections",
        "Detections at the score threshold matched to a ground truth that counts.",
    ),
    Series(
        "boxgauge_false_positives",
        "gauge",
        _MODEL,
        "detections",
        "Detections at the score threshold matched to none.",
    ),
    Series(
        "boxgauge_false_negatives",
        "gauge",
        _MODEL,
        "ground truths",
        "Ground truths that no detection at the score threshold matched.",
    ),
    Series(
        "boxgauge_giou_loss_mean",
        "gauge",
        _MODEL,
        "1 - GIoU, 0 to 2",
        "Mean GIoU loss over the pairs matched at IoU 0.5.",
    ),
    Series(
        "boxgauge_bce_loss_mean",
        "gauge",
        _MODEL,
        "nats",
        "Mean binary cross entropy of the score against matched or not, ignored left out.",
    ),
    Series(
        "boxgauge_positives",
        "gauge",
        _MODEL,
        "ground truths",
        "Ground truths that count, over the images with both sides.",
    ),
    Series(
        "boxgauge_images",
        "gauge",
        _MODEL,
        "images",
        "Images with both sides, which the report is about.",
    ),
    Series(
        "boxgauge_predicted_images",
        "gauge",
        _MODEL,
        "images",
        "Images with this model's predictions.",
    ),
    Series(
        "boxgauge_label_coverage_ratio",
        "gauge",
        _MODEL,
        "ratio",
        "Share of the predicted images that have ground truth.",
    ),
    Series(
        "boxgauge_labelled_images",
        "gauge",
        ("monitor",),
        "images",
        "Images of the monitor with ground truth.",
    ),
)

SERVICE = (
    Series("boxgauge_build_info", "gauge", ("version",), "1", "Version of the service; always 1."),
    Series(
        "boxgauge_provider_info",
        "gauge",
        ("provider",),
        "1",
        "Execution provider in use, as verified from the sessions; always 1.",
    ),
    Series(
        "boxgauge_frames_total",
        "counter",
        ("side", "outcome"),
        "frames",
        "Frames observed; outcome is accepted, unchanged or refused.",
    ),
    Series(
        "boxgauge_rpc_seconds",
        "histogram",
        ("method", "code"),
        "seconds",
        "Time from an RPC's start to its end; a stream's whole life.",
    ),
    Series(
        "boxgauge_batch_seconds",
        "histogram",
        ("graph",),
        "seconds",
        "Time of one run of a graph.",
    ),
    Series(
        "boxgauge_batch_items",
        "histogram",
        ("graph",),
        "rows",
        "Rows of the first axis in one run of a graph.",
    ),
    Series("boxgauge_report_seconds", "histogram", (), "seconds", "Time to compute one report."),
    Series(
        "boxgauge_report_age_seconds",
        "gauge",
        ("monitor",),
        "seconds",
        "Time since the monitor's exported reports were last known to be current.",
    ),
    Series(
        "boxgauge_held_boxes",
        "gauge",
        (),
        "boxes",
        "Boxes held in memory, both sides, all monitors and evaluations.",
    ),
    Series(
        "boxgauge_held_boxes_limit",
        "gauge",
        (),
        "boxes",
        "Bound on boxgauge_held_boxes; more are refused.",
    ),
    Series(
        "boxgauge_held_images",
        "gauge",
        (),
        "image sides",
        "Image sides held in memory, empty ones too, all monitors and evaluations.",
    ),
    Series(
        "boxgauge_held_images_limit",
        "gauge",
        (),
        "image sides",
        "Bound on boxgauge_held_images; more are refused.",
    ),
)
