"""Precision-recall and F-beta curves of a tally, by class and over all, by exported graphs."""

import math
from dataclasses import dataclass, replace

import numpy as np

from boxgauge.engine.analysis.cut import Cut, CutColumns
from boxgauge.engine.analysis.score_curve import ScoreCurve
from boxgauge.engine.curves import curves as report_curves
from boxgauge.engine.engine import Engine
from boxgauge.engine.settings import ObjectClass
from boxgauge.engine.sortable import restored
from boxgauge.engine.tally import ExactTally
from boxgauge.engine.tally_snapshot import TallySnapshot
from boxgauge.frames import InvalidInputError

SCORE_COUNTS, F_BETA = "score_counts", "f_beta"


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCurves:
    """The curves at one IoU threshold, area range and maximum.

    Attributes:
        beta: How many times as much recall matters as precision in F-beta.
        classes: One curve a class, in the order of the tally's.
        overall: The detections of all classes together.
    """

    iou_threshold: float
    area: str
    max_detections: int
    beta: float
    classes: tuple[ScoreCurve, ...]
    overall: ScoreCurve


def score_curves(
    engine: Engine,
    tally: ExactTally,
    *,
    iou: float | None = None,
    area: str | None = None,
    max_detections: int | None = None,
    beta: float = 1.0,
    snapshot: TallySnapshot | None = None,
) -> ScoreCurves:
    """Return precision, recall and F-beta against the score threshold.

    Args:
        engine: Holds the graphs.
        tally: Of an evaluation or a monitor; it goes on as before.
        iou: One of the tally's thresholds, by default 0.5 or, without that, its lowest.
        area: Name of one of its area ranges, by default the first.
        max_detections: One of its maxima, by default the last.
        beta: Above 0; 1 weighs precision and recall alike.
        snapshot: What to look at, by default the tally as it is now.

    Raises:
        InvalidInputError: The tally has no such threshold, area or maximum, or beta is not
            finite and above 0.
    """
    if not (math.isfinite(beta) and beta > 0):
        raise InvalidInputError.at("beta", beta, "finite and above 0")
    settings, classes = tally.settings, tally.classes
    cut = Cut.of(settings, iou, area, max_detections)
    now = tally.snapshot() if snapshot is None else snapshot
    columns = CutColumns.of(now, len(classes), settings, cut)
    together = replace(
        columns,
        label=np.zeros_like(columns.label),
        positives=columns.positives.sum(keepdims=True),
    )
    (overall,) = _curves(engine, together, (None,), beta)
    return ScoreCurves(
        settings.iou_thresholds[cut.threshold],
        settings.areas[cut.area].name,
        settings.max_detections[cut.maximum],
        beta,
        _curves(engine, columns, classes, beta),
        overall,
    )


def _curves(
    engine: Engine, columns: CutColumns, classes: tuple[ObjectClass | None, ...], beta: float
) -> tuple[ScoreCurve, ...]:
    """Return one curve a label of the columns."""
    counts = engine.run(
        SCORE_COUNTS,
        {
            "label": columns.label.astype(np.int64),
            "scores": columns.keys,
            "outcome": columns.outcome,
        },
    )
    positives = columns.positives
    ratios = engine.run(
        F_BETA,
        {
            "tp": counts["tp"],
            "fp": counts["fp"],
            "positives": positives[counts["label_at"]],
            "beta": np.array([beta], dtype=np.float64),
        },
    )
    thresholds = restored(counts["threshold"], columns.values)
    precision = report_curves(engine, columns.for_report()).precision[0, :, :, 0, 0]
    ends = np.searchsorted(counts["label_at"], np.arange(len(classes) + 1))
    curves = []
    for k, each in enumerate(classes):
        rows, has_positives = slice(int(ends[k]), int(ends[k + 1])), bool(positives[k] > 0)
        curves.append(
            ScoreCurve(
                each,
                int(positives[k]),
                thresholds[rows],
                counts["tp"][rows],
                counts["fp"][rows],
                ratios["precision"][rows],
                ratios["recall"][rows] if has_positives else None,
                ratios["f_beta"][rows] if has_positives else None,
                precision[:, k] if has_positives else None,
            )
        )
    return tuple(curves)
