"""The series that rules and dashboard may use, and a reader of the PromQL that uses them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

QUALITY = {"monitor": "gate", "model": "a"}


@dataclass(frozen=True)
class Series:
    """One metric, with an example of its labels."""

    name: str
    labels: dict[str, str]
    is_histogram: bool = False

    def names(self) -> tuple[str, ...]:
        """Return the names under which Prometheus stores it."""
        if self.is_histogram:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


SERIES = (
    *(
        Series("boxgauge_average_precision", QUALITY | {"iou": iou, "area": area})
        for iou in ("0.50:0.95", "0.50", "0.75")
        for area in ("all", "small", "medium", "large")
    ),
    Series("boxgauge_average_recall", QUALITY | {"area": "all", "max_detections": "100"}),
    Series("boxgauge_precision", QUALITY),
    Series("boxgauge_recall", QUALITY),
    Series("boxgauge_true_positives", QUALITY),
    Series("boxgauge_false_positives", QUALITY),
    Series("boxgauge_false_negatives", QUALITY),
    Series("boxgauge_giou_loss_mean", QUALITY),
    Series("boxgauge_bce_loss_mean", QUALITY),
    Series("boxgauge_positives", QUALITY),
    Series("boxgauge_images", QUALITY),
    Series("boxgauge_predicted_images", QUALITY),
    Series("boxgauge_label_coverage_ratio", QUALITY),
    Series("boxgauge_labelled_images", {"monitor": "gate"}),
    Series("boxgauge_report_age_seconds", {"monitor": "gate"}),
    Series("boxgauge_build_info", {"version": "0.1.0"}),
    Series("boxgauge_provider_info", {"provider": "cpu"}),
    Series("boxgauge_frames_total", {"side": "predictions", "outcome": "accepted"}),
    Series("boxgauge_frames_total", {"side": "predictions", "outcome": "refused"}),
    Series("boxgauge_rpc_seconds", {"method": "GetReport", "code": "OK"}, is_histogram=True),
    Series("boxgauge_batch_seconds", {"graph": "match"}, is_histogram=True),
    Series("boxgauge_batch_items", {"graph": "match"}, is_histogram=True),
    Series("boxgauge_report_seconds", {}, is_histogram=True),
    Series("boxgauge_held_boxes", {}),
    Series("boxgauge_held_boxes_limit", {}),
)
LABELS = {name: set(s.labels) for s in SERIES for name in s.names()}
# What Prometheus adds to a scraped series.
TARGET = {"job", "instance"}


def series_of(expr: str) -> set[str]:
    """Return the names of our metrics in ``expr``; a recorded name has colons and is not one."""
    return set(re.findall(r"(?<![\w:])boxgauge_\w+(?![\w:])", expr))


def selectors_of(expr: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each of our metrics in ``expr`` with the labels it is selected by."""
    for name, inside in re.findall(r"(?<![\w:])(boxgauge_\w+)\{([^}]*)\}", expr):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside))
