"""A monitor's report to read: the statistics, then what they rest on and what goes with them."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from boxgauge.cli.documents import Document
from boxgauge.cli.moments import window_text
from boxgauge.cli.tables import number, print_report
from boxgauge.client import MonitorReport, Report


def print_monitor_report(
    console: Console, monitor: str, answer: MonitorReport, document: Document
) -> None:
    """Print everything that is known; what is not is left out."""
    report = answer.report
    where = f", slice {report.slice}" if report.slice else ""
    title = f"monitor {monitor}, model {answer.model}{window_text(report.window)}{where}"
    print_report(console, title, document)
    if not report.images:
        console.print("no image has both sides yet: nothing to measure")
    for line in summary_lines(report):
        console.print(escape(line), soft_wrap=True)


def summary_lines(report: Report) -> Iterator[str]:
    """Yield a line each on labels, the best threshold, losses, drift and the estimate."""
    yield coverage_line(report)
    sources = [each for each in report.label_sources if each.source]
    if sources:
        shares = ", ".join(f"{each.source} {each.images:,}" for each in report.label_sources)
        mixed = "; mixed sources bias every figure" if len(report.label_sources) > 1 else ""
        yield f"labels by source: {shares}{mixed}"
    if report.best_threshold is not None:
        best = report.best_threshold
        yield (
            f"best threshold {best.score_threshold:.3f}: F1 {number(best.f_beta)}, precision "
            f"{number(best.precision)}, recall {number(best.recall)}"
        )
    for each in report.loss_summaries:
        odd = f", {each.not_finite:,} not finite" if each.not_finite else ""
        yield f"{each.name}: mean {number(each.mean)} over {each.count:,}{odd}"
    if report.calibration is not None:
        yield f"D-ECE {number(report.calibration.d_ece)}"
    for line in (drift_line(report), estimate_line(report)):
        if line:
            yield line
    if report.worst_images:
        yield "most errors: images " + ", ".join(
            f"{each.image_id} ({each.errors})" for each in report.worst_images
        )


def coverage_line(report: Report) -> str:
    """Return how many images are labelled, and how long that took."""
    line = f"{report.images:,} labelled images"
    # A slice by label_source knows of labelled images only: it has no coverage.
    if report.label_coverage is not None:
        line = (
            f"{report.predicted_images:,} images with predictions, {report.images:,} of them "
            f"labelled, label coverage {number(report.label_coverage)}"
        )
    line += f"; the monitor has {report.labelled_images:,} labelled images"
    delay = report.label_delay
    if delay is None or not delay.count:
        return line
    return (
        f"{line}\nlabels took {seconds_text(delay.mean_s)} on average, half at most "
        f"{seconds_text(delay.median_s)}, 95% at most {seconds_text(delay.p95_s)}"
    )


def drift_line(report: Report) -> str:
    """Return which distributions of the predictions have changed; empty where none was asked."""
    drift = report.drift
    if drift is None:
        return ""
    if drift.reason:
        return f"drift: {drift.reason}"
    changed = [
        f"{each.name} (p {each.p_value:.2g}, PSI {each.psi:.3f})"
        for each in drift.features
        if each.drifted
    ]
    return f"drift: {', '.join(changed) or 'none'}"


def estimate_line(report: Report) -> str:
    """Return what to expect of the images without labels; empty where nothing was estimated."""
    estimate = report.estimate
    if estimate is None:
        return ""
    if estimate.reason:
        return f"estimate: {estimate.reason}"
    error = "" if estimate.ap50_error is None else f" ± {estimate.ap50_error:.4f} so far"
    return (
        f"estimate of {estimate.images:,} images: AP50 {number(estimate.ap50)}{error}, precision "
        f"{number(estimate.precision)}"
    )


def seconds_text(seconds: float) -> str:
    """Return a length of time in the unit that is read easiest."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.3g} s"
