"""A monitor's report of one model, as it is kept and shown."""

from dataclasses import dataclass, replace

import numpy as np

from boxgauge.engine.report import Curves, Report

_NO_CURVES = Curves(np.zeros(0), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """What one model is worth on one monitor.

    Attributes:
        version: Of the state that the report reflects; grows with every change.
        report: Without its curves, which take megabytes and nobody asks for.
        predicted_images: Images with this model's predictions.
        labelled_images: Images of the monitor with ground truth.
    """

    monitor: str
    model: str
    version: int
    report: Report
    predicted_images: int
    labelled_images: int

    @property
    def label_coverage(self) -> float | None:
        """Share of the predicted images that have ground truth; None without predictions."""
        if not self.predicted_images:
            return None
        return self.report.images / self.predicted_images


def without_curves(report: Report) -> Report:
    """Return the report with empty curves."""
    return replace(report, curves=_NO_CURVES)
