"""Reports as JSON documents; what is undefined is null, never -1 or NaN.

Ids of images and classes are texts there: a browser rounds integers from 2^53 on.
"""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import orjson

from boxgauge.engine.analysis.score_curve import ScorePoint
from boxgauge.engine.online.compared import PairedQuality
from boxgauge.engine.online.predicted import Drift, DriftFeature
from boxgauge.engine.online.quality import LossSummary, Quality, ScoreCalibration
from boxgauge.engine.online.windows import Span
from boxgauge.engine.report import ClassReport, Report, Statistics
from boxgauge.server.page.ends import (
    Ends,
    certified,
    certified_class,
    confidence,
    ends,
    of_interval,
)
from boxgauge.server.page.history import Point
from boxgauge.server.page.source import Listed, Shown, ShownComparison

Document = dict[str, Any]  # JSON


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
        "settings": _settings(report),
        "is_exact": quality.low is None,
        "statistics": _statistics(quality),
        "images": report.images,
        "predicted_images": made.predicted_images,
        "labelled_images": made.labelled_images,
        "label_coverage": made.label_coverage,
        "positives": report.positives,
        "detections": report.detections,
        "notes": list(report.notes),
        "operating_point": asdict(report.operating_point),
        "best": _point(quality.best),
        "classes": _classes(quality),
        "curves": [{"iou": iou, "precision": values} for iou, values in quality.curves],
        "calibration": _calibration(quality.calibration),
        "mean_losses": asdict(report.losses),
        "losses": [_loss(each) for each in quality.losses],
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
        "delay": quality.delay and asdict(quality.delay),
        "drift": made.drift and _drift(made.drift),
        "estimate": made.estimate and asdict(made.estimate),
    }


def history_document(points: Sequence[Point], now_us: int) -> Document:
    """Return what was reported over time, oldest first."""
    return {"now_us": now_us, "points": [asdict(each) for each in points]}


def comparisons_document(found: Sequence[ShownComparison]) -> Document:
    """Return comparisons of two models on the same images."""
    return {
        "comparisons": [
            {
                "champion": each.champion,
                "challenger": each.challenger,
                "window": {"name": each.window} | _span(each.span),
                "slice": each.slice,
                "images": each.quality.images,
                "statistics": _differences(each.quality),
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
    ap = _statistics(made.quality)[0]
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
        "drifted": [each.name for each in made.drift.features if each.drifted]
        if made.drift
        else [],
    }


def _settings(report: Report) -> Document:
    settings = report.settings
    return {
        "iou_thresholds": settings.iou_thresholds,
        "areas": [asdict(each) for each in settings.areas],
        "max_detections": settings.max_detections,
        "strict": settings.strict,
        "score_threshold": settings.score_threshold,
    }


def _statistics(quality: Quality) -> list[Document]:
    """Return the 12 statistics in COCO's order, each with how sure it is."""
    return [
        {
            "name": name,
            "value": getattr(quality.report.statistics, name),
            "certified": certified(quality, name),
            "confidence": confidence(quality.confidence, name),
        }
        for name in (each.name for each in fields(Statistics))
    ]


def _classes(quality: Quality) -> list[Document]:
    report, sure = quality.report, quality.confidence
    intervals = {each.id: found for each, found in sure.class_ap} if sure else {}
    best = quality.class_best or (None,) * len(report.classes)
    return [
        _class(
            each,
            certified_class(quality, k),
            of_interval(intervals.get(each.object_class.id)),
            best[k],
        )
        for k, each in enumerate(report.classes)
    ]


def _class(
    of: ClassReport, bounds: Ends | None, interval: Ends | None, best: ScorePoint | None
) -> Document:
    return {
        "id": str(of.object_class.id),
        "name": of.object_class.name,
        "ap": of.ap,
        "certified": bounds,
        "confidence": interval,
        "ap50": of.ap50,
        "ap75": of.ap75,
        "ar": of.ar,
        "positives": of.positives,
        "detections": of.detections,
        "best": _point(best),
    }


def _point(point: ScorePoint | None) -> Document | None:
    return None if point is None else asdict(point)


def _calibration(of: ScoreCalibration) -> Document:
    return {
        "d_ece": of.d_ece,
        "edges": of.edges,
        "detections": of.detections,
        "true_positives": of.true_positives,
        "mean_scores": of.mean_scores,
    }


def _loss(of: LossSummary) -> Document:
    return {
        "name": of.name,
        "count": of.count,
        "mean": of.mean,
        "edges": of.edges,
        "counts": of.counts,
        "not_finite": of.not_finite,
    }


def _drift(of: Drift) -> Document:
    return {
        "reference_images": of.reference_images,
        "current_images": of.current_images,
        "reason": of.reason,
        "features": [_feature(each) for each in of.features],
    }


def _feature(of: DriftFeature) -> Document:
    is_class = of.name == "class"
    return {
        "name": of.name,
        "psi": of.psi,
        "ks": of.ks,
        "wasserstein": of.wasserstein,
        "jensen_shannon": of.jensen_shannon,
        "p_value": of.p_value,
        "drifted": of.drifted,
        "edges": [str(int(each)) for each in of.edges] if is_class else of.edges,
        "reference": of.reference,
        "current": of.current,
    }


def _differences(quality: PairedQuality) -> list[Document]:
    return [
        {
            "name": name,
            "champion": each.champion,
            "challenger": each.challenger,
            "difference": each.difference,
            "confidence": ends(each.low, each.high),
            "p_value": each.p_value,
        }
        for name, each in quality.statistics.items()
    ]


def _span(span: Span) -> Document:
    return {"from_us": span.from_us or None, "until_us": span.until_us or None}


def _age_s(watermark_us: int, now_us: int) -> float | None:
    return (now_us - watermark_us) / 1e6 if watermark_us else None
