"""What is known of one metric family."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Series:
    """One metric family.

    Attributes:
        name: As scraped.
        kind: Prometheus type.
        labels: Their names, in order.
        unit: Of the value, in words.
        meaning: One line, shown as HELP and in `docs/metrics.md`.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    labels: tuple[str, ...]
    unit: str
    meaning: str


def gauge(name: str, labels: tuple[str, ...], unit: str, meaning: str) -> Series:
    """Return a family of gauges."""
    return Series(name, "gauge", labels, unit, meaning)
