"""The score threshold of the highest F1, of each class and of all together."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.score_curve import ScorePoint
from boxgauge.engine.engine import Engine
from boxgauge.engine.online.scored import ByScore, Scored
from boxgauge.engine.sketch.events import Events, Hits

F_BETA = "f_beta"

Int64 = NDArray[np.int64]


def best_threshold(engine: Engine, found: ByScore, positives: int) -> ScorePoint | None:
    """Return the threshold of the highest F1 of all classes together, of equal ones the highest.

    None where no threshold lets a true positive through.
    """
    if len(found.tp) == 0:
        return None
    total = np.full(len(found.tp), positives)
    ratios = _ratios(engine, found.tp, found.seen, total)
    best = [int(np.argmax(ratios["f_beta"]))]
    return _points(best, found.thresholds[best], found.tp, found.seen, total, ratios)[0]


def class_thresholds(
    engine: Engine, scored: Scored, positives: Int64, threshold: int
) -> tuple[ScorePoint | None, ...]:
    """Return the same of each class.

    Args:
        engine: Holds the graph.
        scored: The rows.
        positives: Ground truths of each class in the first area range.
        threshold: Position of the IoU threshold.
    """
    cut = scored.rows.outcomes[:, :1, threshold : threshold + 1]
    rows = replace(scored.rows, place=scored.tied, counts=scored.comparable, outcomes=cut)
    events = Events.of(rows, Hits.of(rows, len(positives)), len(positives))
    ends = np.cumsum(events.curve_events)
    first = ends - events.curve_events
    sums = np.append(0, np.cumsum(events.hits))
    tp = sums[1:] - sums[first][events.curve]
    total = positives[events.curve]
    ratios = _ratios(engine, tp, events.upto, total)
    classes = np.flatnonzero(np.bincount(events.curve, events.hits, len(positives)))
    chosen = [
        start + int(np.argmax(ratios["f_beta"][start:end]))
        for start, end in zip(first[classes].tolist(), ends[classes].tolist(), strict=True)
    ]
    thresholds = scored.thresholds(events.row[chosen])
    points = _points(chosen, thresholds, tp, events.upto, total, ratios)
    found: list[ScorePoint | None] = [None] * len(positives)
    for k, point in zip(classes.tolist(), points, strict=True):
        found[k] = point
    return tuple(found)


def _ratios(
    engine: Engine, tp: Int64, seen: Int64, positives: Int64
) -> dict[str, NDArray[np.float64]]:
    counts = {"tp": tp, "fp": seen - tp, "positives": positives}
    return engine.run(F_BETA, counts | {"beta": np.ones(1)})


def _points(
    chosen: list[int],
    thresholds: NDArray[np.float64],
    tp: Int64,
    seen: Int64,
    positives: Int64,
    ratios: dict[str, NDArray[np.float64]],
) -> list[ScorePoint]:
    """Return the points of these entries."""
    return [
        ScorePoint(
            score_threshold=score,
            true_positives=int(tp[k]),
            false_positives=int(seen[k] - tp[k]),
            false_negatives=int(positives[k] - tp[k]),
            precision=float(ratios["precision"][k]),
            recall=float(ratios["recall"][k]),
            f_beta=float(ratios["f_beta"][k]),
        )
        for k, score in zip(chosen, thresholds.tolist(), strict=True)
    ]
