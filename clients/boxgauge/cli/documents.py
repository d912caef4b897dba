"""Reports as plain documents: what ``--json`` prints and what tables are made of."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boxgauge.client import MonitorReport, Report, StatisticIntervals
    from boxgauge.engine import Evaluation

Document = dict[str, Any]


def evaluation_document(evaluation: "Evaluation", notes: Iterable[str]) -> Document:
    """Return an offline evaluation; undefined values are None."""
    from boxgauge.engine.analysis import Averages

    report = evaluation.report
    averages = Averages(report)
    return {
        "statistics": averages.named(),
        "averages": [
            {
                "name": name,
                "iou": each.iou_threshold,
                "area": each.area,
                "max_detections": each.max_detections,
            }
            for name, each in averages.listed().items()
        ],
        "settings": {
            "iou_thresholds": list(report.settings.iou_thresholds),
            "class_agnostic": report.settings.class_agnostic,
        },
        "classes": [
            {
                "id": each.object_class.id,
                "name": each.object_class.name,
                "AP": each.ap,
                "AP50": each.ap50,
                "AP75": each.ap75,
                "AR": each.ar,
                "positives": each.positives,
                "detections": each.detections,
            }
            for each in report.classes
        ],
        "operating_point": asdict(report.operating_point),
        "losses": asdict(report.losses),
        "images": report.images,
        "positives": report.positives,
        "detections": report.detections,
        "dropped_detections": evaluation.dropped,
        "strict": report.settings.strict,
        "notes": [*report.notes, *notes],
    }


def monitor_document(monitor: str, answer: "MonitorReport") -> Document:
    """Return a monitor's report; undefined values are None."""
    report = answer.report
    return {
        "monitor": monitor,
        "model": answer.model,
        "window": _parts(report.window),
        "slice": report.slice,
        "watermark_us": report.watermark_us,
        "age_s": report.age_s,
        "statistics": report.statistics,
        "intervals": {
            "statistics": {name: _parts(each.confidence) for name, each in _sure(report)},
            "certified": {name: _parts(each.certified) for name, each in _sure(report)},
        },
        "classes": [
            {
                "id": each.id,
                "name": each.name,
                "AP": each.ap,
                "AP50": each.ap50,
                "AP75": each.ap75,
                "AR": each.ar,
                "positives": each.positives,
                "detections": each.detections,
                "AP_interval": _parts(each.ap_confidence),
                "AP_certified": _parts(each.ap_certified),
                "best_threshold": _parts(each.best_threshold),
            }
            for each in report.classes
        ],
        "operating_point": asdict(report.operating_point),
        "best_threshold": _parts(report.best_threshold),
        "losses": asdict(report.losses),
        "loss_summaries": [asdict(each) for each in report.loss_summaries],
        "images": report.images,
        "predicted_images": report.predicted_images,
        "labelled_images": report.labelled_images,
        "label_coverage": report.label_coverage,
        "label_delay": _parts(report.label_delay),
        "label_sources": [asdict(each) for each in report.label_sources],
        "positives": report.positives,
        "detections": report.detections,
        "calibration": _parts(report.calibration),
        "curves": [asdict(each) for each in report.curves],
        "worst_images": [asdict(each) for each in report.worst_images],
        "drift": _parts(report.drift),
        "estimate": _parts(report.estimate),
        "notes": list(report.notes),
    }


def _sure(report: "Report") -> Iterable[tuple[str, "StatisticIntervals"]]:
    return report.intervals.items()


def _parts(found: Any) -> Document | None:  # noqa: ANN401  # any part of a report
    return None if found is None else asdict(found)
