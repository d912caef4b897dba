"""Reports with everything that may be said, made by hand."""

import time
from collections.abc import Sequence

import numpy as np

from boxgauge.engine import ClassReport, ObjectClass, Report, Statistics
from boxgauge.engine.analysis.intervals import Interval, Intervals
from boxgauge.engine.analysis.score_curve import ScorePoint
from boxgauge.engine.online.compared import PairedDifference, PairedQuality
from boxgauge.engine.online.predicted import Drift, DriftFeature, Estimate
from boxgauge.engine.online.quality import LabelDelay, LossSummary, Quality, ScoreCalibration
from boxgauge.engine.online.windows import Span, Window
from boxgauge.engine.report import Curves, MeanLosses, OperatingPoint
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sketch.report import Precisions
from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport

NONE = np.zeros(0)
NO_COUNTS = np.zeros(0, np.int64)
OVERALL = "0.50:0.95"
AREAS = ("all", "small", "medium", "large")
NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def precisions(ap: float, classes: Sequence[ObjectClass]) -> Precisions:
    """Return one reading in which every precision is ``ap``."""
    places = {(iou, area): ap for area in AREAS for iou in (OVERALL, "0.50", "0.75")}
    reports = tuple(ClassReport(each, ap, ap, ap, 0.5, 10, 20) for each in classes)
    return Precisions(Statistics(AP=ap, AP50=ap, AP75=ap), reports, places)


def quality(
    ap: float, *, classes: int = 3, sources: tuple[tuple[str, int], ...] = (("random", 40),)
) -> Quality:
    """Return what labelled images may say, with a certified interval of 0.02."""
    objects = tuple(ObjectClass(k, f"class {k}") for k in range(classes))
    point = precisions(ap, objects)
    interval = Interval(ap, ap - 0.05, ap + 0.05, 0.025, 32)
    report = Report(
        EvaluationSettings(),
        point.statistics,
        point.classes,
        OperatingPoint(0.5, 0.5, 0.75, 0.6, 60, 20, 40),
        MeanLosses(0.25, 0.5),
        40,
        100,
        80,
        Curves(NONE, NONE, NONE),
        point.average_precision,
        {(area, most): 0.5 for area in AREAS for most in (1, 10, 100)},
    )
    return Quality(
        report,
        precisions(ap - 0.01, objects),
        precisions(ap + 0.01, objects),
        Intervals(
            0.95,
            40,
            32,
            dict.fromkeys(NAMES, interval),
            tuple((each, interval) for each in objects),
        ),
        ScorePoint(0.4, 65, 25, 35, 0.72, 0.65, 0.68),
        (None,) * classes,
        (),
        ScoreCalibration(0.125, np.zeros(1), NO_COUNTS, NO_COUNTS, NONE),
        (LossSummary("giou_loss", 60, 0.25, NONE, NO_COUNTS, 0),),
        (),
        sources,
        LabelDelay(40, 90.0, 60.0, 300.0),
    )


def drift(*, drifted: bool) -> Drift:
    """Return two features, one without an order."""
    kept = (NONE, NONE, NONE)
    score = DriftFeature("score", 0.3, 0.2, 0.1, 0.05, 0.001, drifted, *kept)
    mix = DriftFeature("class", 0.01, None, None, 0.002, 0.6, False, *kept)
    return Drift((score, mix), 1000, 50)


def report(
    ap: float = 0.5,
    *,
    monitor: str = "gate",
    model: str = "a",
    window: str = "1h",
    slice: str = "",
    made: Quality | None = None,
) -> MonitorReport:
    """Return a report of 50 predicted images, 40 of them labelled."""
    return MonitorReport(
        monitor,
        model,
        1,
        Window(window, 3_600_000_000),
        Span(0, 1),
        slice,
        made or quality(ap),
        50,
        45,
        drift(drifted=True),
        Estimate(0.7, 0.6, 50, 400, 0.03),
        1_700_000_000_500_000,
        time.monotonic(),
    )


def comparison(difference: float, *, slice: str = "") -> MonitorComparison:
    """Return a comparison over 40 images; its last statistic is undefined."""
    each = PairedDifference(
        0.5, 0.5 + difference, difference, difference - 0.02, difference + 0.02, 0.001
    )
    undefined = PairedDifference(0.5, 0.5, 0.0, None, None, None)
    found = PairedQuality(40, dict.fromkeys(NAMES[:-1], each) | {"ARl": undefined})
    return MonitorComparison(
        "gate", "a", "b", Window("1h", 3_600_000_000), Span(0, 1), slice, found
    )
