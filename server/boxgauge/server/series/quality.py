"""What is said of models: gauges, since a corrected label can lower each of them."""

from boxgauge.server.series.kinds import gauge

REPORT = ("monitor", "model", "window", "slice")
PAIR = ("monitor", "champion", "challenger", "window", "slice")
_AREAS = (*REPORT, "iou", "area")
_CLASSES = (*REPORT, "class")
_FEATURES = (*REPORT, "feature")
_STATISTICS = (*PAIR, "statistic")
_MONITOR = ("monitor",)

_PRECISION = (
    gauge(
        "boxgauge_average_precision",
        _AREAS,
        "ratio",
        "COCO average precision, mean over classes with ground truth, last max_detections.",
    ),
    gauge(
        "boxgauge_average_precision_certified_low",
        _AREAS,
        "ratio",
        "The exact average precision is at least this, for certain; absent where it is exact.",
    ),
    gauge(
        "boxgauge_average_precision_certified_high",
        _AREAS,
        "ratio",
        "The exact average precision is at most this, for certain; absent where it is exact.",
    ),
    gauge(
        "boxgauge_average_precision_confidence_low",
        _AREAS,
        "ratio",
        "Lower end of the 95% interval of average precision: what chance in the images may do.",
    ),
    gauge(
        "boxgauge_average_precision_confidence_high",
        _AREAS,
        "ratio",
        "Upper end of the 95% interval of average precision.",
    ),
    gauge(
        "boxgauge_average_recall",
        (*REPORT, "area", "max_detections"),
        "ratio",
        "COCO average recall, mean over classes with ground truth and IoU thresholds.",
    ),
    gauge(
        "boxgauge_class_average_precision",
        _CLASSES,
        "ratio",
        "Average precision of one class over all IoU thresholds and areas.",
    ),
    gauge(
        "boxgauge_class_average_precision_confidence_low",
        _CLASSES,
        "ratio",
        "Lower end of the 95% interval of a class's average precision.",
    ),
    gauge(
        "boxgauge_class_average_precision_confidence_high",
        _CLASSES,
        "ratio",
        "Upper end of the 95% interval of a class's average precision.",
    ),
    gauge("boxgauge_class_positives", _CLASSES, "ground truths", "Ground truths of one class."),
    gauge(
        "boxgauge_unexported_classes",
        REPORT,
        "classes",
        "Classes of the report beyond the bound, which have no series of their own.",
    ),
)

_OPERATING = (
    gauge(
        "boxgauge_precision", REPORT, "ratio", "TP / (TP + FP) at the monitor's score threshold."
    ),
    gauge("boxgauge_recall", REPORT, "ratio", "TP / positives at the monitor's score threshold."),
    gauge(
        "boxgauge_f1",
        REPORT,
        "ratio",
        "2 TP / (2 TP + FP + FN) at the monitor's score threshold.",
    ),
    gauge(
        "boxgauge_true_positives",
        REPORT,
        "detections",
        "Detections at the score threshold matched to a ground truth that counts.",
    ),
    gauge(
        "boxgauge_false_positives",
        REPORT,
        "detections",
        "Detections at the score threshold matched to none.",
    ),
    gauge(
        "boxgauge_false_negatives",
        REPORT,
        "ground truths",
        "Ground truths that no detection at the score threshold matched.",
    ),
    gauge(
        "boxgauge_best_score_threshold",
        REPORT,
        "score",
        "Score threshold with the highest F1, all classes together.",
    ),
    gauge("boxgauge_best_precision", REPORT, "ratio", "Precision at the best score threshold."),
    gauge("boxgauge_best_recall", REPORT, "ratio", "Recall at the best score threshold."),
    gauge("boxgauge_best_f1", REPORT, "ratio", "F1 at the best score threshold."),
    gauge(
        "boxgauge_calibration_error",
        REPORT,
        "ratio",
        "D-ECE: mean distance of score and precision over detections.",
    ),
    gauge(
        "boxgauge_loss_mean",
        (*REPORT, "loss"),
        "of the loss",
        "Mean of a loss over pairs matched at IoU 0.5, or over scores, as the loss is meant.",
    ),
)

_BASIS = (
    gauge(
        "boxgauge_positives",
        REPORT,
        "ground truths",
        "Ground truths that count, over the images with both sides.",
    ),
    gauge(
        "boxgauge_images",
        REPORT,
        "images",
        "Images with both sides, which the report is about.",
    ),
    gauge("boxgauge_predicted_images", REPORT, "images", "Images with this model's predictions."),
    gauge(
        "boxgauge_label_coverage_ratio",
        REPORT,
        "ratio",
        "Share of the predicted images that have ground truth.",
    ),
    gauge(
        "boxgauge_label_delay_seconds",
        (*REPORT, "statistic"),
        "seconds",
        "Time from an image's event to its label; statistic is mean, median or p95.",
    ),
    gauge(
        "boxgauge_label_sources",
        REPORT,
        "sources",
        "Different sources of labels in the report; more than one biases every figure.",
    ),
    gauge(
        "boxgauge_source_images",
        (*REPORT, "source"),
        "images",
        "Images by the source of their label; the smallest ones beyond the bound are __other__.",
    ),
)

_UNLABELLED = (
    gauge("boxgauge_drift_psi", _FEATURES, "nats", "Population stability index, to the reference."),
    gauge("boxgauge_drift_ks", _FEATURES, "ratio", "Kolmogorov-Smirnov distance to the reference."),
    gauge(
        "boxgauge_drift_wasserstein",
        _FEATURES,
        "of the feature",
        "Wasserstein distance to the reference, in the units of the feature.",
    ),
    gauge(
        "boxgauge_drift_jensen_shannon",
        _FEATURES,
        "nats",
        "Jensen-Shannon divergence from the reference, 0 to ln 2.",
    ),
    gauge(
        "boxgauge_drift_p_value",
        _FEATURES,
        "probability",
        "Chance of at least this divergence without drift.",
    ),
    gauge(
        "boxgauge_drifted",
        _FEATURES,
        "0 or 1",
        "1: the p-value is below the level, corrected for the number of features.",
    ),
    gauge(
        "boxgauge_drift_images",
        REPORT,
        "images",
        "Images, labelled or not, that were held against the reference.",
    ),
    gauge("boxgauge_drift_reference_images", REPORT, "images", "Images of the reference."),
    gauge(
        "boxgauge_estimated_precision",
        REPORT,
        "ratio",
        "AN ESTIMATE from calibrated scores, without labels: precision at the score threshold.",
    ),
    gauge(
        "boxgauge_estimated_average_precision",
        REPORT,
        "ratio",
        "AN ESTIMATE from calibrated scores, without labels: AP at the operating point's IoU.",
    ),
    gauge(
        "boxgauge_estimated_average_precision_error",
        REPORT,
        "ratio",
        "Mean absolute error of the estimate on labelled windows so far.",
    ),
    gauge(
        "boxgauge_estimate_calibration_images",
        REPORT,
        "images",
        "Labelled images from which the estimate's calibration was learned.",
    ),
)

_COMPARED = (
    gauge(
        "boxgauge_comparison_difference",
        _STATISTICS,
        "ratio",
        "Challenger less champion on the images that both have; statistic as in reports.",
    ),
    gauge(
        "boxgauge_comparison_difference_low",
        _STATISTICS,
        "ratio",
        "Lower end of the 95% interval of the difference.",
    ),
    gauge(
        "boxgauge_comparison_difference_high",
        _STATISTICS,
        "ratio",
        "Upper end of the 95% interval of the difference.",
    ),
    gauge(
        "boxgauge_comparison_p_value",
        _STATISTICS,
        "probability",
        "Chance of a difference at least as large between equally good models.",
    ),
    gauge("boxgauge_comparison_images", PAIR, "images", "Labelled images that both models have."),
)

_MONITORS = (
    gauge(
        "boxgauge_labelled_images", _MONITOR, "images", "Images of the monitor with ground truth."
    ),
    gauge(
        "boxgauge_watermark_timestamp_seconds",
        _MONITOR,
        "seconds since 1970",
        "Highest event time seen; windows end with its bucket.",
    ),
    gauge(
        "boxgauge_report_timestamp_seconds",
        _MONITOR,
        "seconds since 1970",
        "When the reports of all images were last known to be current; slices take turns.",
    ),
    gauge("boxgauge_tally_bytes", _MONITOR, "bytes", "Bytes of the monitor's tallies in memory."),
    gauge(
        "boxgauge_tally_bytes_limit",
        _MONITOR,
        "bytes",
        "Bound on boxgauge_tally_bytes; at it frames are refused.",
    ),
)

_EXPORTED = (
    gauge(
        "boxgauge_exported_series",
        (),
        "series",
        "Series of reports and comparisons that are exported.",
    ),
    gauge(
        "boxgauge_exported_series_limit",
        (),
        "series",
        "Bound on boxgauge_exported_series.",
    ),
    gauge(
        "boxgauge_dropped_series",
        (),
        "series",
        "Series left out to stay below the bound: whole slices, never a part of one.",
    ),
)

QUALITY = (
    *_PRECISION,
    *_OPERATING,
    *_BASIS,
    *_UNLABELLED,
    *_COMPARED,
    *_MONITORS,
    *_EXPORTED,
)
