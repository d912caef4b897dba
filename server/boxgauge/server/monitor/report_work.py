"""The work of one report: all that it is made of, which nothing changes any more."""

from dataclasses import dataclass

from boxgauge.engine import Engine
from boxgauge.engine.online.predicted import Drift, Estimate
from boxgauge.engine.online.quality import Quality
from boxgauge.engine.online.quality_of_window import quality
from boxgauge.server.monitor.contents import Content
from boxgauge.server.monitor.outlook import Outlook


@dataclass(frozen=True, slots=True)
class ReportWork:
    """May be done in another thread or process.

    Attributes:
        engine: Holds the graphs.
        held: The labelled images.
        outlook: What is said of the predictions.
    """

    engine: Engine
    held: Content
    outlook: Outlook

    def __call__(self) -> tuple[Quality, int, Drift | None, Estimate | None]:
        """Return the quality, the images predicted, the drift and the estimate."""
        held = self.held
        found = quality(self.engine, held.classes, held.settings, held.rows())
        return found, *self.outlook.run()
