"""Metrics of prometheus_client as the table of series describes them."""

from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from boxgauge.server.series.service import SERVICE

_SERIES = {series.name: series for series in SERVICE}
W = TypeVar("W", Counter, Gauge, Histogram)


def made(kind: type[W], name: str, registry: CollectorRegistry, **options: object) -> W:
    """Return the metric of this name on the registry."""
    series = _SERIES[name]
    return kind(name, series.meaning, series.labels, registry=registry, **options)  # type: ignore[arg-type]  # options differ by kind
