"""The server's own table of series, with examples, and a reader of the PromQL that uses them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from boxgauge.server import series as table
from boxgauge.server.resting import ENDS
from boxgauge.server.workings import QUEUES

# What each label may be; a label that is missing here fails every test of rules and dashboard.
VALUES = {
    "monitor": ("gate",),
    "model": ("a",),
    "champion": ("a",),
    "challenger": ("b",),
    "window": ("1h",),
    # Prometheus knows no empty label: all images have none.
    "slice": ("", "camera=12"),
    "class": ("cat",),
    "statistic": ("AP", "AP50", "mean", "median", "p95"),
    "loss": ("giou_loss",),
    "source": ("random", "__unstated__", "__other__"),
    "feature": ("score", "class"),
    "iou": ("0.50:0.95", "0.50", "0.75"),
    "area": ("all", "small", "medium", "large"),
    "max_detections": ("1", "10", "100"),
    "version": ("0.1.0",),
    "provider": ("cpu",),
    "side": ("predictions", "ground_truth"),
    "outcome": (
        *("accepted", "unchanged", "refused", "taken"),
        *("late", "future", "expired_unlabelled", "folded_slice"),
    ),
    "method": ("boxgauge.v1.MonitorService/GetReport",),
    "code": ("OK", "INTERNAL"),
    "graph": ("match",),
    "certificate": ("server", "client_ca"),
    "what": ("tls", "tokens"),
    "protocol": ("grpc", "http"),
    "reason": ("unauthenticated", "forbidden"),
    "queue": QUEUES,
    "end": ENDS,
}


@dataclass(frozen=True)
class Series:
    """One series of a metric, with an example of its labels."""

    name: str
    labels: dict[str, str]
    is_histogram: bool

    def names(self) -> tuple[str, ...]:
        """Return the names under which Prometheus stores it."""
        if self.is_histogram:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


SERIES = tuple(
    Series(each.name, dict(zip(each.labels, values, strict=True)), each.kind == "histogram")
    for each in (*table.QUALITY, *table.SERVICE)
    for values in product(*(VALUES[label] for label in each.labels))
)
LABELS = {name: set(s.labels) for s in SERIES for name in s.names()}
# What Prometheus adds to a scraped series.
TARGET = {"job", "instance"}


def series_of(expr: str) -> set[str]:
    """Return the names of our metrics in ``expr``; a recorded name has colons and is not one."""
    return set(re.findall(r"(?<![\w:])(?:boxgauge|process)_\w+(?![\w:])", expr))


def selectors_of(expr: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each of our metrics in ``expr`` with the labels and values it is selected by.

    Regular expressions are left out of the values, being "".
    """
    for name, inside in re.findall(r"(?<![\w:])((?:boxgauge|process)_\w+)\{([^}]*)\}", expr):
        pairs = re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', inside)
        yield name, {label: "" if "~" in how else value for label, how, value in pairs}


def assert_exposed(expr: str) -> None:
    """Assert that ``expr`` asks for nothing that the server never says."""
    assert series_of(expr) <= set(LABELS)
    for name, selected in selectors_of(expr):
        assert set(selected) <= LABELS[name] | TARGET
        for label, value in selected.items():
            assert not value or value.startswith("$") or value in VALUES.get(label, (value,))
