"""What a report of a window costs, stage by stage: from a sketch's rows and from exact columns.

    python benchmarks/online_report.py

Images of the evaluator's benchmark, matched once, of 80 classes at COCO's thresholds, areas and
maxima, in 32 groups. CPU and wall milliseconds, medians; one thread a run.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from timing import machine, measure
from workload import CLASSES, make_workload

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    ExactTally,
    Matches,
    ModelRepository,
    ObjectClass,
    SketchTally,
    find_graphs,
    match_images,
)
from boxgauge.engine.analysis.resampling import STATISTICS, Resampler
from boxgauge.engine.online.comparing import paired
from boxgauge.engine.online.confidence import intervals
from boxgauge.engine.online.jackknife import left_out_of
from boxgauge.engine.online.measured import measured
from boxgauge.engine.online.quality_of_window import quality
from boxgauge.engine.online.reliability import EDGES, score_calibration
from boxgauge.engine.online.replicates import standard_errors
from boxgauge.engine.online.rows_of_window import binned_rows, exact_rows, positives_by_group
from boxgauge.engine.online.scored import Scored
from boxgauge.engine.online.shown_curves import shown_curves
from boxgauge.engine.online.thresholds import best_threshold, class_thresholds
from boxgauge.engine.online.window_rows import GROUPS, WindowColumns, WindowRows
from boxgauge.engine.online.windows import Span
from boxgauge.engine.sketch.bounds import bounds_of
from boxgauge.engine.sketch.parts import Part, parts_of
from boxgauge.engine.sketch.rows import SketchRows

COCO = EvaluationSettings()
CLASS_LIST = tuple(ObjectClass(k, str(k)) for k in range(1, CLASSES + 1))
SPAN = Span(0, 1)
MAXIMA = len(COCO.max_detections)

Groups = NDArray[np.int64]


def columns_of(matches: Matches, groups: Groups) -> WindowColumns:
    """Return what an exact store holds."""
    tally = ExactTally(CLASS_LIST, COCO)
    tally.add(matches)
    now = tally.snapshot()
    # Ids count from 1, so that report order is the order in which images came.
    image_ids, columns = now.ordered()
    return WindowColumns(
        SPAN, image_ids, columns, now.patterns, groups.astype(np.uint8), (), (), (), None
    )


def rows_of(matches: Matches, groups: Groups) -> WindowRows:
    """Return what a store of sketches holds."""
    sketches = []
    whole = SketchTally(CLASS_LIST, COCO)
    for g in range(GROUPS):
        sketches.append(SketchTally(CLASS_LIST, COCO))
        sketches[g].add(matches.select(np.flatnonzero(groups == g)))
        whole.merge(sketches[g])
    now, found = whole.snapshot(), [each.snapshot() for each in sketches]
    codes = {pattern: k for k, pattern in enumerate(now.patterns)}
    rows = [
        each.rows.at(now.rows.levels).renamed(np.array([codes[p] for p in each.patterns], np.int64))
        for each in found
    ]
    ids, counts = (np.concatenate([getattr(r, name) for r in rows]) for name in ("ids", "counts"))
    group = np.repeat(np.arange(GROUPS, dtype=np.uint8), [len(r.ids) for r in rows])
    order = np.lexsort([group, ids])
    return WindowRows(
        SPAN,
        SketchRows(ids[order], counts[order], now.rows.levels),
        group[order],
        now.patterns,
        now.totals,
        np.stack([each.totals.positives for each in found]),
        np.bincount(groups, minlength=GROUPS),
        (),
        (),
        (),
        None,
    )


def stages(
    engine: Engine, window: WindowRows | WindowColumns, repeats: int
) -> dict[str, tuple[float, float]]:
    """Return CPU and wall milliseconds of each stage."""
    found = measured(engine, CLASS_LIST, COCO, window)
    by_group, scored = found.positives_by_group, found.scored
    positives, occupied = by_group.sum(axis=0), np.ones(GROUPS, np.bool_)
    by_score = scored.by_score(0, EDGES[1:-1])
    parts = [*parts_of(scored.rows, CLASSES)]
    runs: dict[str, Callable[[], object]] = {
        "rows in order": lambda: _rows(window),
        "where curves change": lambda: [*parts_of(scored.rows, CLASSES)],
        "bounds of curves": lambda: [_bounds(engine, each, positives) for each in parts],
        "without each group": lambda: [
            left_out_of(engine, each, by_group, occupied, MAXIMA) for each in parts
        ],
        "intervals": lambda: intervals(found),
        "by score, all classes": lambda: scored.by_score(0, EDGES[1:-1]),
        "calibration": lambda: score_calibration(engine, by_score),
        "best threshold": lambda: best_threshold(engine, by_score, int(positives[:, 0].sum())),
        "of each class": lambda: class_thresholds(engine, scored, positives[:, 0], 0),
        "shown curves": lambda: shown_curves(found.bounds, COCO),
        "all of a report": lambda: quality(engine, CLASS_LIST, COCO, window),
        "two models compared": lambda: paired(engine, CLASS_LIST, COCO, window, window),
    }
    costs = {name: measure(run, repeats) for name, run in runs.items()}
    return {name: (each.cpu_s * 1e3, each.wall_s * 1e3) for name, each in costs.items()}


def errors(engine: Engine, matches: Matches, window: WindowColumns) -> None:
    """Print standard errors beside those of replicates at every detection and 101 points."""
    resampler = Resampler(engine, CLASS_LIST, COCO, matches.evaluated(COCO.max_detections[-1]))
    left = [resampler.statistics((window.groups != g).astype(np.int64)) for g in range(GROUPS)]
    wanted, _ = standard_errors(np.array(left))
    found = measured(engine, CLASS_LIST, COCO, window).replicates
    ours = np.append(*(standard_errors(e)[0] for e in (found.statistics, found.class_ap)))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = ours / wanted
    _row("standard error, ratio", *STATISTICS[:6], "AP of classes, median", "5%", "95%")
    _row(*["---"] * 10)
    of_class = ratio[len(STATISTICS) :]
    of_class = of_class[np.isfinite(of_class)]
    shares = np.quantile(of_class, [0.5, 0.05, 0.95])
    _row("steps to every detection", *(f"{each:.3f}" for each in (*ratio[:6], *shares)))


def _rows(window: WindowRows | WindowColumns) -> Scored:
    if isinstance(window, WindowRows):
        return binned_rows(window, COCO)
    positives_by_group(window, CLASSES, COCO)
    return exact_rows(window, CLASSES, COCO)


def _bounds(engine: Engine, part: Part, positives: NDArray[np.int64]) -> object:
    return bounds_of(engine, part, positives, part.found(MAXIMA))


def _row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[500, 5000])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    engine = Engine.open(ModelRepository.open(find_graphs(None)))
    print(machine())
    for images in asked.images:
        workload = make_workload(images, seed=asked.seed)
        matches = match_images(engine, workload.predictions(), workload.ground_truths(), COCO)
        groups = np.random.default_rng(asked.seed).integers(0, GROUPS, images)
        sketch, exact = rows_of(matches, groups), columns_of(matches, groups)
        tally = ExactTally(CLASS_LIST, COCO)
        tally.add(matches)
        print(f"\n{len(workload.labels):,} detections, {len(sketch.rows.ids):,} rows of a sketch\n")
        _row("stage", "sketch, CPU ms", "wall", "exact, CPU ms", "wall")
        _row(*["---"] * 5)
        both = [stages(engine, each, asked.repeats) for each in (sketch, exact)]
        for name in both[0]:
            _row(name, *(f"{value:.1f}" for each in both for value in each[name]))
        alone = measure(partial(tally.report, engine), asked.repeats)
        _row("for scale: ExactTally.report", "", "", f"{alone.cpu_s * 1e3:.1f}", "")
        print()
        errors(engine, matches, exact)


if __name__ == "__main__":
    main()
