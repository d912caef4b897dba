"""Reports and comparisons as samples of Prometheus; what is undefined has none."""

from collections.abc import Iterator

from boxgauge.engine.online.compared import PairedQuality
from boxgauge.engine.online.predicted import Drift, Estimate
from boxgauge.engine.online.quality import Quality
from boxgauge.engine.report import OperatingPoint, Report
from boxgauge.engine.sketch.report import Precisions
from boxgauge.server.monitor.definition import LABEL_SOURCE, OTHER
from boxgauge.server.monitor.reports import MonitorReport

# A sample's labels beside those that its whole block shares.
Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, float | None]

UNSTATED = "__unstated__"
MAX_SOURCES = 8
_OF_SLICES = ("AP", "AP50", "AP75")


def report_samples(made: MonitorReport, *, max_classes: int) -> Iterator[Sample]:
    """Return what is exported of a report.

    A slice shows what an alert and a first look need; areas, other maxima and classes are
    exported for all images alone, which keeps a hundred cameras from being ten thousand series.
    """
    quality, report, is_whole = made.quality, made.report, not made.slice
    yield from _precision(quality, is_whole=is_whole)
    yield from _recall(report, is_whole=is_whole)
    if is_whole:
        yield from _classes(quality, max_classes)
    yield from _operating(report.operating_point)
    if quality.best is not None:
        best = quality.best
        yield "boxgauge_best_score_threshold", (), best.score_threshold
        yield "boxgauge_best_precision", (), best.precision
        yield "boxgauge_best_recall", (), best.recall
        yield "boxgauge_best_f1", (), best.f_beta
    yield "boxgauge_calibration_error", (), quality.calibration.d_ece
    for name, mean in _losses(quality).items():
        yield "boxgauge_loss_mean", (("loss", name),), mean
    yield "boxgauge_positives", (), report.positives
    yield "boxgauge_images", (), report.images
    if not made.slice.startswith(f"{LABEL_SOURCE}="):
        # Of an image that nobody has labelled, nobody knows the label's source.
        yield "boxgauge_predicted_images", (), made.predicted_images
    yield "boxgauge_label_coverage_ratio", (), made.label_coverage
    yield from _labels(quality)
    if made.drift is not None and not made.drift.reason:
        yield from _drift(made.drift)
    if made.estimate is not None and not made.estimate.reason:
        yield from _estimate(made.estimate)


def comparison_samples(paired: PairedQuality, *, is_whole: bool) -> Iterator[Sample]:
    """Return what is exported of a comparison; of a slice, average precision over all areas."""
    yield "boxgauge_comparison_images", (), paired.images
    for name, each in paired.statistics.items():
        if is_whole or name in _OF_SLICES:
            labels = (("statistic", name),)
            yield "boxgauge_comparison_difference", labels, each.difference
            yield "boxgauge_comparison_difference_low", labels, each.low
            yield "boxgauge_comparison_difference_high", labels, each.high
            yield "boxgauge_comparison_p_value", labels, each.p_value


def _precision(quality: Quality, *, is_whole: bool) -> Iterator[Sample]:
    settings = quality.report.settings
    found = quality.report.average_precision
    every = settings.areas[0].name
    for (iou, area), value in found.items():
        if is_whole or area == every:
            yield "boxgauge_average_precision", (("iou", iou), ("area", area)), value
    # The statistics that have intervals, by the labels of their points.
    overall = next((iou for iou, _ in found if iou not in ("0.50", "0.75")), "")
    named = {"AP": (overall, every), "AP50": ("0.50", every), "AP75": ("0.75", every)}
    if is_whole:
        named |= {"APs": (overall, "small"), "APm": (overall, "medium"), "APl": (overall, "large")}
    for name, place in named.items():
        if place not in found:
            continue
        labels = (("iou", place[0]), ("area", place[1]))
        for end, reading in (("low", quality.low), ("high", quality.high)):
            certified = _certified(reading, place)
            yield f"boxgauge_average_precision_certified_{end}", labels, certified
        if quality.confidence is not None and name in quality.confidence.statistics:
            interval = quality.confidence.statistics[name]
            yield "boxgauge_average_precision_confidence_low", labels, interval.low
            yield "boxgauge_average_precision_confidence_high", labels, interval.high


def _certified(reading: Precisions | None, place: tuple[str, str]) -> float | None:
    return None if reading is None else reading.average_precision.get(place)


def _recall(report: Report, *, is_whole: bool) -> Iterator[Sample]:
    most, every = report.settings.max_detections[-1], report.settings.areas[0].name
    for (area, maximum), value in report.average_recall.items():
        if is_whole or (area, maximum) == (every, most):
            labels = (("area", area), ("max_detections", str(maximum)))
            yield "boxgauge_average_recall", labels, value


def _classes(quality: Quality, max_classes: int) -> Iterator[Sample]:
    """Return those of the first classes by id: which ones are shown does not change."""
    intervals = {} if quality.confidence is None else dict(quality.confidence.class_ap)
    classes = quality.report.classes
    for each in classes[:max_classes]:
        labels = (("class", each.object_class.name),)
        yield "boxgauge_class_average_precision", labels, each.ap
        yield "boxgauge_class_positives", labels, each.positives
        interval = intervals.get(each.object_class)
        if interval is not None:
            yield "boxgauge_class_average_precision_confidence_low", labels, interval.low
            yield "boxgauge_class_average_precision_confidence_high", labels, interval.high
    yield "boxgauge_unexported_classes", (), max(0, len(classes) - max_classes)


def _operating(point: OperatingPoint) -> Iterator[Sample]:
    tp, fp, fn = point.true_positives, point.false_positives, point.false_negatives
    yield "boxgauge_precision", (), point.precision
    yield "boxgauge_recall", (), point.recall
    yield "boxgauge_f1", (), 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None
    yield "boxgauge_true_positives", (), tp
    yield "boxgauge_false_positives", (), fp
    yield "boxgauge_false_negatives", (), fn


def _losses(quality: Quality) -> dict[str, float | None]:
    """Return the configured losses, and the two that every report has."""
    means = {"giou_loss": quality.report.losses.giou, "bce_loss": quality.report.losses.bce}
    return means | {each.name: each.mean for each in quality.losses}


def _labels(quality: Quality) -> Iterator[Sample]:
    if quality.delay is not None:
        for name, seconds in (
            ("mean", quality.delay.mean_s),
            ("median", quality.delay.median_s),
            ("p95", quality.delay.p95_s),
        ):
            yield "boxgauge_label_delay_seconds", (("statistic", name),), seconds
    yield "boxgauge_label_sources", (), len(quality.sources)
    for source, images in _source_images(quality.sources).items():
        yield "boxgauge_source_images", (("source", source),), images


def _source_images(sources: tuple[tuple[str, int], ...]) -> dict[str, int]:
    """Return images by source, the largest ones by name and the rest together."""
    largest = sorted(sources, key=lambda each: (-each[1], each[0]))
    shown: dict[str, int] = {}
    for place, (source, images) in enumerate(largest):
        # Added up, since nothing keeps a caller from naming a source as we name the rest.
        name = (source or UNSTATED) if place < MAX_SOURCES else OTHER
        shown[name] = shown.get(name, 0) + images
    return shown


def _drift(drift: Drift) -> Iterator[Sample]:
    for each in drift.features:
        labels = (("feature", each.name),)
        yield "boxgauge_drift_psi", labels, each.psi
        yield "boxgauge_drift_ks", labels, each.ks
        yield "boxgauge_drift_wasserstein", labels, each.wasserstein
        yield "boxgauge_drift_jensen_shannon", labels, each.jensen_shannon
        yield "boxgauge_drift_p_value", labels, each.p_value
        yield "boxgauge_drifted", labels, each.drifted
    yield "boxgauge_drift_images", (), drift.current_images
    yield "boxgauge_drift_reference_images", (), drift.reference_images


def _estimate(estimate: Estimate) -> Iterator[Sample]:
    yield "boxgauge_estimated_precision", (), estimate.precision
    yield "boxgauge_estimated_average_precision", (), estimate.ap50
    yield "boxgauge_estimated_average_precision_error", (), estimate.ap50_error
    yield "boxgauge_estimate_calibration_images", (), estimate.calibration_images
