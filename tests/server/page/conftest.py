"""A page over real reports: their own server on a free port, their own clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from boxgauge.engine import Engine
from boxgauge.engine.online.quality import Quality
from boxgauge.server.metrics_http import MetricsServer
from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.page.history import History
from boxgauge.server.page.routes import Pages
from boxgauge.server.page.shelf import Shelf
from boxgauge.server.page.source import MonitorEntry

from . import reports


@dataclass
class Site:
    """A served page and what is behind it.

    Attributes:
        now: What its clock shows, seconds since 1970.
        since_start: What the clock shows by which reports say when they were made.
        fault: What listing the monitors raises.
    """

    now: float = 1_800_000_000.0
    since_start: float = 100.0
    entries: list[MonitorEntry] = field(default_factory=list)
    url: str = ""
    fault: Exception | None = None

    def __post_init__(self) -> None:
        history = History(lambda: self.now)
        self.shelf = Shelf(history, self.listed, lambda: self.since_start)
        self.pages = Pages(self.shelf, lambda: self.now)

    def listed(self) -> Sequence[MonitorEntry]:
        """Return the monitors."""
        if self.fault is not None:
            raise self.fault
        return self.entries

    def show(self, made: MonitorReport) -> None:
        """List the report's monitor, if it is not yet, and show the report."""
        if made.monitor not in [each.name for each in self.entries]:
            slices = (made.slice,) if made.slice else ()
            self.entries.append(entry(made.monitor, models=(made.model,), slices=slices))
        self.shelf.record(made)


def entry(name: str, **changed: object) -> MonitorEntry:
    """Return a monitor as listed."""
    fields: dict[str, object] = {
        "tally": "sketch",
        "classes": 10,
        "windows": ("1h", "24h"),
        "models": ("m",),
        "slices": (),
        "labelled_images": 0,
        "watermark_us": 0,
    }
    return MonitorEntry(name, **(fields | changed))  # type: ignore[arg-type]  # any field


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = MetricsServer(lambda: b"", lambda: True, site.pages)
    site.url = f"http://127.0.0.1:{server.start('127.0.0.1', 0)}"
    yield site
    server.stop()


@pytest.fixture(scope="session")
def quality(engine: Engine) -> Quality:
    """Return that of the sample, exact."""
    return reports.quality_of(engine, *reports.sample())


@pytest.fixture(scope="session")
def sketched(engine: Engine) -> Quality:
    """Return that of the sample, with certified intervals."""
    return reports.quality_of(engine, *reports.sample(), sketch=True)


@pytest.fixture(scope="session")
def unlabelled(engine: Engine) -> Quality:
    """Return that of no image at all."""
    predictions, truths, classes = reports.sample()
    return reports.quality_of(engine, *reports.first((predictions, truths), 0), classes)
