"""What is said of the labelled images of one window and slice."""

from boxgauge.engine.engine import Engine
from boxgauge.engine.online.confidence import intervals
from boxgauge.engine.online.measured import measured
from boxgauge.engine.online.quality import Quality
from boxgauge.engine.online.reliability import EDGES, score_calibration
from boxgauge.engine.online.shown_curves import shown_curves
from boxgauge.engine.online.thresholds import best_threshold, class_thresholds
from boxgauge.engine.online.window_rows import WindowColumns, WindowRows
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings, ObjectClass


def quality(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    window: WindowRows | WindowColumns,
) -> Quality:
    """Return the quality; of columns, the report has the bits of `ExactTally.report`.

    Args:
        engine: Holds the graphs ``certified_report``, ``left_out_report``, ``f_beta``,
            ``precision_recall`` and ``calibration_errors``.
        classes: In ascending id.
        settings: As matched.
        window: What a store holds.
    """
    found = measured(engine, classes, settings, window)
    at = operating_threshold(settings)
    positives = found.positives_by_group[:, :, 0].sum(axis=0)
    by_score = found.scored.by_score(at, EDGES[1:-1])
    is_exact = isinstance(window, WindowColumns)
    return Quality(
        report=found.report,
        low=None if is_exact else found.low,
        high=None if is_exact else found.high,
        confidence=intervals(found),
        best=best_threshold(engine, by_score, int(positives.sum())),
        class_best=class_thresholds(engine, found.scored, positives, at),
        curves=shown_curves(found.bounds, settings),
        calibration=score_calibration(engine, by_score),
        losses=window.losses,
        worst=window.worst,
        sources=window.sources,
        delay=window.delay,
    )
