"""What is said of a window's predictions before labels come, from one consistent state."""

from collections.abc import Callable
from dataclasses import dataclass

from boxgauge.engine import Engine
from boxgauge.engine.online.drift import drift
from boxgauge.engine.online.predicted import Drift, Estimate
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.engine.online.windows import Span

NO_REFERENCE = "there are no predictions of the reference yet"
OVERLAP = "the window holds a part of the reference only: nothing is held against itself"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is needed to say it; safe in another thread.

    Attributes:
        engine: Holds the graphs.
        current: Returns the predictions of the window and slice.
        span: Event times of the window.
        reference: None where it is of no use: for a slice.
        reference_span: When the reference is; None: not yet known.
        level: Of the tests of drift.
        estimate: Returns the estimate from the window's predictions; None where there is none.
    """

    engine: Engine
    current: Callable[[], PredictionTally]
    span: Span
    reference: PredictionTally | None
    reference_span: Span | None
    level: float
    estimate: Callable[[PredictionTally], Estimate] | None

    def run(self) -> tuple[int, Drift | None, Estimate | None]:
        """Return the images predicted, the drift and the estimate."""
        current = self.current()
        estimate = None if self.estimate is None else self.estimate(current)
        return current.images, self._drift(current), estimate

    def _drift(self, current: PredictionTally) -> Drift | None:
        reference, when = self.reference, self.reference_span
        if reference is None:
            return None
        if when is None or not reference.images:
            return Drift((), 0, current.images, NO_REFERENCE)
        if self.span.from_us <= when.from_us and when.until_us <= self.span.until_us:
            # Exact: what is compared has no images of the reference.
            rest = PredictionTally(current.classes, current.settings)
            rest.merge(current)
            rest.subtract(reference)
            current = rest
        elif self.span.from_us < when.until_us and when.from_us < self.span.until_us:
            return Drift((), reference.images, current.images, OVERLAP)
        return drift(self.engine, reference, current, self.level)
