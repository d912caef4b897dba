"""A report with everything in it, as a client has it."""

from dataclasses import replace

from boxgauge.client import (
    Calibration,
    ClassStatistics,
    Drift,
    DriftFeature,
    Estimate,
    Interval,
    LabelDelay,
    LossSummary,
    MeanLosses,
    MonitorReport,
    OperatingPoint,
    Report,
    ScorePoint,
    SourceCount,
    StatisticIntervals,
    Window,
    WorstImage,
)
from boxgauge.client.reports import STATISTICS

SURE = StatisticIntervals(Interval(0.4995, 0.5005), Interval(0.45, 0.55))
BARE = Report(
    statistics=dict.fromkeys(STATISTICS),
    classes=(),
    operating_point=OperatingPoint(0.5, 0.5, None, None, 0, 0, 0),
    losses=MeanLosses(None, None),
    images=0,
    predicted_images=0,
    labelled_images=0,
    label_coverage=None,
    positives=0,
    detections=0,
    notes=(),
)


def class_of(number: int, ap: float | None) -> ClassStatistics:
    return ClassStatistics(
        number, f"class [{number}]", ap, ap, ap, ap, 10, 20, None, Interval(0.1, 0.9), None
    )


FULL = replace(
    BARE,
    statistics=dict.fromkeys(STATISTICS, 0.5),
    classes=(*(class_of(k, k / 10) for k in range(10)), class_of(10, None)),
    operating_point=OperatingPoint(0.5, 0.3, 0.8, 0.7, 8, 2, 3),
    images=90,
    predicted_images=100,
    labelled_images=95,
    label_coverage=0.9,
    positives=100,
    detections=200,
    notes=("a note [of care]",),
    window=Window("1h", 1_795_000_000_000_000, 1_795_003_600_000_000),
    slice="camera=north",
    intervals=dict.fromkeys(STATISTICS, SURE),
    best_threshold=ScorePoint(0.412, 0.8, 0.7, 0.75, 8, 2, 3),
    calibration=Calibration(0.04, (0.0, 1.0), (10,), (5,), (0.5,)),
    loss_summaries=(LossSummary("giou_loss", 8, 0.2, (0.0,), (8,), 1),),
    worst_images=(WorstImage("image [7]", 4, 2.0),),
    label_sources=(SourceCount("random", 60), SourceCount("reported", 30)),
    label_delay=LabelDelay(90, 7000.0, 5400.0, 86400.0),
    drift=Drift(
        (
            DriftFeature("score", 0.3, 0.2, 0.1, 0.05, 0.001, True, (), (), ()),
            DriftFeature("size", 0.1, 0.1, 0.1, 0.01, 0.4, False, (), (), ()),
        ),
        500,
        100,
        "",
    ),
    estimate=Estimate(0.79, 0.61, 10, 400, 0.02, ""),
    watermark_us=1_795_003_599_000_000,
    age_s=3.0,
)
ANSWER = MonitorReport("m [1]", FULL)
