"""Reports as Prometheus text; what is undefined has no line."""

import threading
from collections.abc import Iterator

from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.series import QUALITY, Series

Sample = tuple[str, dict[str, str], float]


class Exposition:
    """The quality series of every monitor and model, as text that a scrape appends.

    Written on the event loop, read by the threads that answer scrapes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[tuple[str, str], dict[str, str]] = {}
        self._text: str | None = ""

    def publish(self, made: MonitorReport) -> None:
        """Show this report in place of the model's last one."""
        lines = _lines(report_samples(made))
        with self._lock:
            self._lines[made.monitor, made.model] = lines
            self._text = None
        self.labelled(made.monitor, made.labelled_images)

    def labelled(self, monitor: str, images: int) -> None:
        """Show how many images of a monitor have ground truth."""
        lines = _lines([("boxgauge_labelled_images", {"monitor": monitor}, images)])
        with self._lock:
            self._lines[monitor, ""] = lines
            self._text = None

    def forget(self, monitor: str) -> None:
        """Show nothing of this monitor any more."""
        with self._lock:
            self._lines = {key: each for key, each in self._lines.items() if key[0] != monitor}
            self._text = None

    def text(self) -> str:
        """Return all series, each family once under its HELP and TYPE; made once a change."""
        with self._lock:
            if self._text is None:
                self._text = "".join(self._families())
            return self._text

    def _families(self) -> Iterator[str]:
        for series in QUALITY:
            body = "".join(each.get(series.name, "") for each in self._lines.values())
            if body:
                yield header(series) + body


def header(series: Series) -> str:
    """Return the HELP and TYPE lines of one family."""
    return f"# HELP {series.name} {series.meaning}\n# TYPE {series.name} {series.kind}\n"


def report_samples(made: MonitorReport) -> Iterator[Sample]:
    """Return every defined value of a report with its labels."""
    who = {"monitor": made.monitor, "model": made.model}
    report, point = made.report, made.report.operating_point
    for (iou, area), value in report.average_precision.items():
        yield "boxgauge_average_precision", {**who, "iou": iou, "area": area}, value
    for (area, most), value in report.average_recall.items():
        labels = {**who, "area": area, "max_detections": str(most)}
        yield "boxgauge_average_recall", labels, value
    ratios_and_counts: dict[str, float | None] = {
        "boxgauge_precision": point.precision,
        "boxgauge_recall": point.recall,
        "boxgauge_true_positives": point.true_positives,
        "boxgauge_false_positives": point.false_positives,
        "boxgauge_false_negatives": point.false_negatives,
        "boxgauge_giou_loss_mean": report.losses.giou,
        "boxgauge_bce_loss_mean": report.losses.bce,
        "boxgauge_positives": report.positives,
        "boxgauge_images": report.images,
        "boxgauge_predicted_images": made.predicted_images,
        "boxgauge_label_coverage_ratio": made.label_coverage,
    }
    for name, number in ratios_and_counts.items():
        if number is not None:
            yield name, who, number


def _lines(samples: Iterator[Sample] | list[Sample]) -> dict[str, str]:
    """Return the text lines of each family."""
    found: dict[str, str] = {}
    for name, labels, value in samples:
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        found[name] = found.get(name, "") + f"{name}{{{shown}}} {float(value)!r}\n"
    return found


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
