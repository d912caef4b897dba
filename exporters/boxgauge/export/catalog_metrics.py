"""The catalog's metrics and exact graphs: float64 and integers, never for TensorRT."""

from boxgauge.export.entry import Entry

METRICS: tuple[Entry, ...] = ()
