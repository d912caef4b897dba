"""Reports of the sample as a monitor makes them: every figure comes from a run of the engine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    MatchedImages,
    ObjectClass,
    SketchTally,
    evaluate,
)
from boxgauge.engine.analysis import (
    CalibrationTally,
    ResamplingTally,
    WorstImages,
    compare,
    jackknife,
    score_curves,
)
from boxgauge.engine.online.compared import PairedDifference, PairedQuality
from boxgauge.engine.online.predicted import Drift, DriftFeature, Estimate
from boxgauge.engine.online.quality import (
    LabelDelay,
    LossSummary,
    Quality,
    ScoreCalibration,
    WorstImage,
)
from boxgauge.engine.online.windows import Span, Window
from boxgauge.formats import read_detections, read_ground_truth
from boxgauge.frames import GroundTruths, Predictions
from boxgauge.server.monitor.reports import MonitorReport, without_curves

SAMPLE = Path(__file__).parents[3] / "examples" / "sample"
WATERMARK_US = 1_800_000_000_000_000
Float64 = NDArray[np.float64]


class _Sketch:
    """Takes matched images into a sketch."""

    def __init__(self, classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> None:
        self.tally = SketchTally(classes, settings)

    def add(self, images: MatchedImages) -> None:
        self.tally.add(images.matches)


class _Losses:
    """Keeps the GIoU loss of each pair at the operating point."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.values = np.zeros(0)

    def add(self, images: MatchedImages) -> None:
        rows = np.flatnonzero(images.partners >= 0)
        sides = images.predictions.boxes[rows], images.ground_truths.boxes[images.partners[rows]]
        corners = [np.concatenate([each[:, :2], each[:, :2] + each[:, 2:]], 1) for each in sides]
        pred, target = (each.astype(np.float32) for each in corners)
        found = self._engine.run("giou_loss", {"pred": pred, "target": target})["loss"]
        self.values = np.concatenate([self.values, found])

    def summary(self) -> LossSummary:
        counts, edges = np.histogram(self.values, np.linspace(0, 1, 21))
        mean = float(self.values.mean()) if len(self.values) else None
        return LossSummary("giou_loss", len(self.values), mean, edges[:-1], counts, not_finite=0)


def sample() -> tuple[Predictions, GroundTruths, tuple[ObjectClass, ...]]:
    """Return both sides of the sample and its classes."""
    truth = read_ground_truth(SAMPLE / "ground_truth.json")
    predictions, _ = read_detections(SAMPLE / "detections.json", truth)
    return predictions, truth.frames, truth.classes


def first(sides: tuple[Predictions, GroundTruths], images: int) -> tuple[Predictions, GroundTruths]:
    """Return the first so many images of both sides."""
    predictions, truths = sides
    ids = truths.image_ids[:images]
    return (
        predictions.take([predictions.image_ids.index(each) for each in ids]),
        truths.take([truths.image_ids.index(each) for each in ids]),
    )


def quality_of(
    engine: Engine,
    predictions: Predictions,
    truths: GroundTruths,
    classes: tuple[ObjectClass, ...],
    *,
    sketch: bool = False,
) -> Quality:
    """Return what the labelled images say; a sketch's precisions are certified intervals."""
    settings = EvaluationSettings()
    sketched = _Sketch(classes, settings)
    calibration = CalibrationTally(engine, classes, settings)
    worst = WorstImages(settings)
    resampling = ResamplingTally(classes, settings)
    losses = _Losses(engine)
    accumulators = (sketched, calibration, worst, resampling, losses)
    made = evaluate(engine, predictions, truths, classes, settings, accumulators=accumulators)
    report = without_curves(made.report)
    low = high = None
    if sketch:
        certified = sketched.tally.report(engine)
        low, high = certified.low, certified.high
        report = replace(
            report, statistics=certified.point.statistics, classes=certified.point.classes
        )
    curves = score_curves(engine, made.tally)
    reliability = calibration.report().overall
    hits = np.round(reliability.curve.precisions.filled(0) * reliability.curve.detections)
    precision = made.report.curves.precision[:, :, :, 0, -1]  # T, R, K
    has_images = len(truths) > 0
    return Quality(
        report=report,
        low=low,
        high=high,
        confidence=jackknife(engine, resampling) if has_images else None,
        best=curves.overall.best(),
        class_best=tuple(each.best() for each in curves.classes),
        curves=tuple(
            (name, _mean(precision[which]))
            for name, which in (("0.50", slice(1)), ("0.75", slice(5, 6)), ("0.50:0.95", slice(10)))
            if has_images
        ),
        calibration=ScoreCalibration(
            d_ece=reliability.d_ece,
            edges=reliability.curve.edges,
            detections=reliability.curve.detections,
            true_positives=hits.astype(np.int64),
            mean_scores=reliability.curve.mean_scores.filled(0),
        ),
        losses=(losses.summary(),),
        worst=tuple(
            WorstImage(each.image_id, each.errors, float(each.errors) / 8)
            for each in worst.report()
        ),
        sources=(("audit", 120), ("low score", 80)) if has_images else (),
        delay=LabelDelay(200, 35.5, 30.0, 120.0) if has_images else None,
    )


def report_of(quality: Quality, **changed: object) -> MonitorReport:
    """Return a monitor's report of this quality, some of it changed."""
    made = MonitorReport(
        monitor="cam",
        model="m",
        version=7,
        window=Window("1h", 3_600_000_000),
        span=Span(WATERMARK_US - 3_600_000_000, WATERMARK_US),
        slice="",
        quality=quality,
        predicted_images=quality.report.images + 60,
        labelled_images=quality.report.images,
        drift=None,
        estimate=Estimate(0.861, 0.832, 260, 200, 0.012),
        watermark_us=WATERMARK_US - 1_500_000,
        made_at=100.0,
    )
    return replace(made, **changed)  # type: ignore[arg-type]  # any field


def drift_of(before: Predictions, now: Predictions, classes: tuple[ObjectClass, ...]) -> Drift:
    """Return the drift of scores, counts and classes between two sets of images."""
    ids = np.array([each.id for each in classes], float)
    features = (
        _feature("score", before.scores, now.scores, np.linspace(0, 1, 21)),
        _feature("count", np.diff(before.offsets), np.diff(now.offsets), np.linspace(0, 100, 21)),
        _feature("class", before.labels, now.labels, np.append(ids, ids[-1] + 1)),
    )
    return Drift(features, len(before), len(now))


def comparison_of(
    engine: Engine,
    sides: tuple[Predictions, Predictions],
    truths: GroundTruths,
    classes: tuple[ObjectClass, ...],
) -> PairedQuality:
    """Return what two models' predictions of the same images say of them."""
    settings = EvaluationSettings()
    tallies = ResamplingTally(classes, settings), ResamplingTally(classes, settings)
    for predictions, tally in zip(sides, tallies, strict=True):
        evaluate(engine, predictions, truths, classes, settings, accumulators=(tally,))
    found = compare(engine, *tallies, replicates=50)
    return PairedQuality(
        len(truths),
        {
            name: PairedDifference(
                each.a, each.b, each.difference, each.low, each.high, each.p_value
            )
            for name, each in found.statistics.items()
            if each.a is not None and each.b is not None and each.difference is not None
        },
    )


def _mean(precision: Float64) -> Float64:
    """Return the mean over thresholds and the classes that have ground truth, at each recall."""
    defined = precision[:, :, (precision > -1).all(axis=(0, 1))]
    return np.asarray(defined.mean(axis=(0, 2)))


def _feature(
    name: str, before: NDArray[np.generic], now: NDArray[np.generic], edges: Float64
) -> DriftFeature:
    was, current = (np.histogram(each, edges)[0] / max(len(each), 1) for each in (before, now))
    middle = (was + current) / 2
    js = sum(_kl(each, middle) for each in (was, current)) / 2
    is_class = name == "class"
    return DriftFeature(
        name=name,
        psi=float(((was - current) * np.log((was + 1e-9) / (current + 1e-9))).sum()),
        ks=None if is_class else float(np.abs(np.cumsum(was - current)).max()),
        wasserstein=None
        if is_class
        else float(np.abs(np.cumsum(was - current)).sum() * (edges[1] - edges[0])),
        jensen_shannon=js,
        p_value=0.0004 if js > 0.01 else 0.4,
        drifted=js > 0.01,
        edges=edges[:-1] if is_class else edges,
        reference=was,
        current=current,
    )


def _kl(p: Float64, q: Float64) -> float:
    seen = p > 0
    return float((p[seen] * np.log(p[seen] / q[seen])).sum())
