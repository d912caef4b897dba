"""A monitor's report of one model over one window and slice, as it is kept and shown."""

from dataclasses import dataclass, replace

import numpy as np

from boxgauge.engine.online.compared import PairedQuality
from boxgauge.engine.online.predicted import Drift, Estimate
from boxgauge.engine.online.quality import Quality
from boxgauge.engine.online.windows import Span, Window
from boxgauge.engine.report import Curves, Report

_NO_CURVES = Curves(np.zeros(0), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """What one model is worth on one monitor, over one window and slice.

    Attributes:
        version: Grows with every report that its monitor computes.
        window: As configured.
        span: Event times that belong to it.
        slice: ``key=value``; empty: all images.
        quality: What the labelled images say.
        predicted_images: Images of the span and slice with this model's predictions.
        labelled_images: Images of the monitor with ground truth, whatever the span.
        drift: Predictions against the reference; None for a slice that has none.
        estimate: What to expect before labels come; likewise.
        watermark_us: The monitor's highest event time, microseconds since 1970.
        made_at: `time.monotonic` when the state was read.
    """

    monitor: str
    model: str
    version: int
    window: Window
    span: Span
    slice: str
    quality: Quality
    predicted_images: int
    labelled_images: int
    drift: Drift | None
    estimate: Estimate | None
    watermark_us: int
    made_at: float

    @property
    def report(self) -> Report:
        """COCO's statistics and what goes with them."""
        return self.quality.report

    @property
    def label_coverage(self) -> float | None:
        """Share of the predicted images that have ground truth; None without predictions."""
        if not self.predicted_images:
            return None
        return self.report.images / self.predicted_images


@dataclass(frozen=True, slots=True)
class MonitorComparison:
    """Two models of one monitor on the images that both have, over one window and slice."""

    monitor: str
    champion: str
    challenger: str
    window: Window
    span: Span
    slice: str
    quality: PairedQuality


@dataclass(frozen=True, slots=True)
class MonitorTally:
    """One tally of a monitor as bytes, to be kept, sent and merged elsewhere."""

    model: str
    window: Window
    span: Span
    slice: str
    data: bytes


def without_curves(report: Report) -> Report:
    """Return the report with empty curves."""
    return replace(report, curves=_NO_CURVES)
