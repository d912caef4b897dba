"""Parts of the documents: what each kind of figure is as JSON."""

from dataclasses import fields
from typing import Any

from boxgauge.engine.analysis.score_curve import ScorePoint
from boxgauge.engine.online.compared import PairedQuality
from boxgauge.engine.online.predicted import Drift, DriftFeature
from boxgauge.engine.online.quality import LossSummary, Quality, ScoreCalibration
from boxgauge.engine.report import ClassReport, Report, Statistics
from boxgauge.server.page.ends import (
    Ends,
    certified,
    certified_class,
    confidence,
    ends,
    of_interval,
)

Document = dict[str, Any]  # JSON, with dataclasses where it has their fields by name


def settings_part(report: Report) -> Document:
    """Return with which thresholds a report was made."""
    settings = report.settings
    return {
        "iou_thresholds": settings.iou_thresholds,
        "areas": settings.areas,
        "max_detections": settings.max_detections,
        "strict": settings.strict,
        "score_threshold": settings.score_threshold,
    }


def statistics_part(quality: Quality) -> list[Document]:
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


def classes_part(quality: Quality) -> list[Document]:
    """Return one entry a class, in the report's order."""
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
        "best": best,
    }


def calibration_part(of: ScoreCalibration) -> Document:
    """Return what scores mean, bin by bin."""
    return {
        "d_ece": of.d_ece,
        "edges": of.edges,
        "detections": of.detections,
        "true_positives": of.true_positives,
        "mean_scores": of.mean_scores,
    }


def loss_part(of: LossSummary) -> Document:
    """Return one loss and how its values are spread."""
    return {
        "name": of.name,
        "count": of.count,
        "mean": of.mean,
        "edges": of.edges,
        "counts": of.counts,
        "not_finite": of.not_finite,
    }


def drift_part(of: Drift) -> Document:
    """Return how predictions differ from the reference's; class ids are texts."""
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


def differences_part(quality: PairedQuality) -> list[Document]:
    """Return how two models differ, one entry a statistic."""
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
