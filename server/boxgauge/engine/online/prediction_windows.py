"""From the cells of a prediction store to what one window and slice have."""

from dataclasses import dataclass
from typing import Any

from boxgauge.engine.online.prediction_bins import PredictionBins
from boxgauge.engine.online.prediction_cell import PredictionCell
from boxgauge.engine.online.prediction_tally import PredictionTally, bins_of
from boxgauge.engine.online.sparse_counts import SparseCounts
from boxgauge.engine.online.waiting_predictions import WaitingPredictions
from boxgauge.engine.online.windows import Span
from boxgauge.engine.settings import EvaluationSettings, ObjectClass


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSnapshot:
    """What a window and slice had at one moment; later changes leave it alone.

    Attributes:
        span: Event times.
        images: How many there are.
        cells: What was counted.
        lots: Those of ``waiting`` that belong to it.
        waiting: What was not counted yet.
    """

    span: Span
    images: int
    cells: tuple[PredictionCell, ...]
    lots: frozenset[int]
    waiting: tuple[WaitingPredictions, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        # What waits as one, without that of others: it may be thousands of small batches.
        waiting = (WaitingPredictions.joined(self.waiting).of_lots(self.lots),) if self.lots else ()
        return PredictionSnapshot, (self.span, self.images, self.cells, self.lots, waiting)

    def tally(
        self, classes: tuple[ObjectClass, ...], settings: EvaluationSettings
    ) -> PredictionTally:
        """Return the sum of all of it as a tally of the store's classes; safe in another thread."""
        return PredictionTally.of(classes, settings, self.total(bins_of(classes, settings)))

    def total(self, bins: PredictionBins) -> SparseCounts:
        """Return the sum of all of it; safe in another thread."""
        tables = [table for cell in self.cells for table in cell.tables]
        if self.lots:
            waiting = WaitingPredictions.joined(self.waiting).of_lots(self.lots)
            tables.append(waiting.total(bins))
        return SparseCounts.total(tables, bins.places, bins.dtype)
