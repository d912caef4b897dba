"""Reports as JSON documents; what is undefined is null, never -1 or NaN.

Plain facts stand in them as the dataclasses that they are: JSON has their fields by name.
Ids of images and classes are texts there: a browser rounds integers from 2^53 on.
"""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import orjson

from boxgauge.engine.online.predicted import Drift
from boxgauge.engine.online.windows import Span
from boxgauge.server.monitor.reports import MonitorComparison
from boxgauge.server.page.history import Point
from boxgauge.server.page.parts import (
    Document,
    calibration_part,
    classes_part,
    differences_part,
    drift_part,
    loss_part,
    settings_part,
    statistics_part,
)
from boxgauge.server.page.source import Listed, Shown


def dumps(document: Document) -> bytes:
    """Return the text of a document; NaN and infinity, which JSON lacks, become null."""
    return orjson.dumps(document, default=_listed_values, option=orjson.OPT_SERIALIZE_NUMPY)


def _listed_values(given: object) -> list[object]:
    """Return an array that orjson does not take as it is: one that is a view of columns."""
    if isinstance(given, np.ndarray):
        values: list[object] = given.tolist()
        return values
    raise TypeError(f"{type(given).__name__} is not JSON")


def monitors_document(listed: Sequence[Listed], now_us: int) -> Document:
    """Return the list of monitors, each with a line for the newest report of each model."""
    return {"now_us": now_us, "monitors": [_listed(each, now_us) for each in listed]}


def report_document(shown: Shown, now_us: int) -> Document:
    """Return everything that one report says."""
    made = shown.made
    quality, report = made.quality, made.report
    return {
        "now_us": now_us,
        "monitor": made.monitor,
        "model": made.model,
        "window": {"name": made.window.name} | _span(made.span),
        "slice": made.slice,
        "as_of_us": now_us - int(shown.age_s * 1e6),
        "age_s": shown.age_s,
        "watermark_us": made.watermark_us or None,
        "watermark_age_s": _age_s(made.watermark_us, now_us),
        "settings": settings_part(report),
        "is_exact": quality.low is None,
        "statistics": statistics_part(quality),
        "images": report.images,
        "predicted_images": made.predicted_images,
        "labelled_images": made.labelled_images,
        "label_coverage": made.label_coverage,
        "positives": report.positives,
        "detections": report.detections,
        "notes": list(report.notes),
        "operating_point": report.operating_point,
        "best": quality.best,
        "classes": classes_part(quality),
        "curves": [{"iou": iou, "precision": values} for iou, values in quality.curves],
        "calibration": calibration_part(quality.calibration),
        "mean_losses": report.losses,
        "losses": [loss_part(each) for each in quality.losses],
        "worst": [
            {
                "image_id": str(each.image_id),
                "is_integer": isinstance(each.image_id, int),
                "errors": each.errors,
                "loss": each.loss,
            }
            for each in quality.worst
        ],
        "sources": [{"source": name, "images": count} for name, count in quality.sources],
        "delay": quality.delay,
        "drift": made.drift and drift_part(made.drift),
        "estimate": made.estimate,
    }


def history_document(points: Sequence[Point], now_us: int) -> Document:
    """Return what was reported over time, oldest first."""
    return {"now_us": now_us, "points": list(points)}


def comparisons_document(found: Sequence[MonitorComparison]) -> Document:
    """Return comparisons of two models on the same images."""
    return {
        "comparisons": [
            {
                "champion": each.champion,
                "challenger": each.challenger,
                "window": {"name": each.window.name} | _span(each.span),
                "slice": each.slice,
                "images": each.quality.images,
                "statistics": differences_part(each.quality),
            }
            for each in found
        ]
    }


def error_document(message: str, field: str, value: str) -> Document:
    """Return what was wrong with a request."""
    return {"error": message, "field": field, "value": value}


def _listed(of: Listed, now_us: int) -> Document:
    entry = of.entry
    return asdict(entry) | {
        "watermark_us": entry.watermark_us or None,
        "watermark_age_s": _age_s(entry.watermark_us, now_us),
        "models": [
            {"name": name, "summary": shown and _summary(shown, now_us)}
            for name, shown in zip(entry.models, of.newest, strict=True)
        ],
    }


def _summary(shown: Shown, now_us: int) -> Document:
    made = shown.made
    ap = statistics_part(made.quality)[0]
    return {
        "window": made.window.name,
        "ap": ap["value"],
        "certified": ap["certified"],
        "confidence": ap["confidence"],
        "images": made.report.images,
        "predicted_images": made.predicted_images,
        "label_coverage": made.label_coverage,
        "as_of_us": now_us - int(shown.age_s * 1e6),
        "age_s": shown.age_s,
        "drifted": _drifted(made.drift),
    }


def _drifted(drift: Drift | None) -> list[str] | None:
    """Return the names of the features that drifted; None where none was looked at."""
    if drift is None or not drift.features:
        return None
    return [each.name for each in drift.features if each.drifted]


def _span(span: Span) -> Document:
    return {"from_us": span.from_us or None, "until_us": span.until_us or None}


def _age_s(watermark_us: int, now_us: int) -> float | None:
    return (now_us - watermark_us) / 1e6 if watermark_us else None
