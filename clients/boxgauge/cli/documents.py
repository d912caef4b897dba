"""Reports as plain documents: what ``--json`` prints and what tables are made of."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boxgauge.client import MonitorReport
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
        "statistics": report.statistics,
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
            }
            for each in report.classes
        ],
        "operating_point": asdict(report.operating_point),
        "losses": asdict(report.losses),
        "images": report.images,
        "predicted_images": report.predicted_images,
        "labelled_images": report.labelled_images,
        "label_coverage": report.label_coverage,
        "positives": report.positives,
        "detections": report.detections,
        "notes": list(report.notes),
    }
