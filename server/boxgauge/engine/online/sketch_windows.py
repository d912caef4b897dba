"""From the cells of a sketch store to what one window and slice have."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from boxgauge.engine.online.aged import Held
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.cell_format import CellFormat
from boxgauge.engine.online.encoding import positives_by_group
from boxgauge.engine.online.waiting import Waiting
from boxgauge.engine.online.window_rows import GROUPS, WindowRows
from boxgauge.engine.online.windows import Span
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sketch.grouped import Tallied, code_of
from boxgauge.engine.sketch.rows import SketchRows, summed
from boxgauge.engine.sketch.tally import SketchTally


@dataclass(frozen=True, slots=True, eq=False)
class StoreSnapshot:
    """Cells of one window and slice at one moment; later changes leave it alone.

    Attributes:
        span: Event times of the images.
        cells: Oldest bucket first.
        numbers: Of these cells.
        waiting: What waits to be counted, in these cells and in others.
        patterns: Outcomes by code.
        sources: Of labels, by number.
    """

    span: Span
    cells: tuple[Held, ...]
    numbers: frozenset[int]
    waiting: tuple[Waiting, ...]
    patterns: tuple[bytes, ...]
    sources: tuple[str, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        # What waits as one: it may be thousands of small batches.
        waiting = (Waiting.joined(self.waiting).of_cells(self.numbers),) if self.waiting else ()
        return StoreSnapshot, (
            self.span,
            self.cells,
            self.numbers,
            waiting,
            self.patterns,
            self.sources,
        )


def window_rows(
    snapshot: StoreSnapshot,
    form: CellFormat,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    losses: tuple[str, ...],
) -> WindowRows:
    """Return the cells' sum: the same whatever cells and batches the images came in."""
    cells = [Cell.empty(len(losses))]
    cells += (form.opened(each, snapshot.sources) for each in snapshot.cells)
    if snapshot.waiting:
        waiting = Waiting.joined(snapshot.waiting).of_cells(snapshot.numbers)
        cells += waiting.counted(len(classes)).values()
    whole = Cell.joined(cells)
    rows, groups = SketchRows.empty(len(classes)), np.zeros(0, np.uint8)
    patterns: tuple[bytes, ...] = ()
    if whole.rows:
        table = whole.rows[0]
        used = np.flatnonzero(np.bincount(code_of(table.tallied.ids)))
        patterns = tuple(snapshot.patterns[k] for k in used.tolist())
        renamed = np.zeros(len(snapshot.patterns), np.int64)
        renamed[used] = np.arange(len(used))
        rows, groups = table.renamed(renamed).plain()
    truths = Tallied.joined([Tallied.empty(), *whole.truths])
    positives = positives_by_group(truths, GROUPS, len(classes), len(settings.areas))
    return WindowRows(
        snapshot.span,
        rows,
        groups,
        patterns,
        whole.sums.totals(positives.sum(axis=0)),
        positives,
        whole.sums.images_by_group,
        whole.sums.losses(losses),
        whole.worst.images(),
        whole.sums.sources(snapshot.sources),
        whole.sums.delay(),
    )


def sketch_tally(
    classes: tuple[ObjectClass, ...], settings: EvaluationSettings, found: WindowRows
) -> SketchTally:
    """Return the tally of a window's images."""
    rows = summed(found.rows.ids, found.rows.counts, found.rows.levels)
    return SketchTally.of(classes, settings, rows, found.patterns, found.totals)
