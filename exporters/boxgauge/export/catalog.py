"""The one table: every graph there is. Export, parity, tests, docs and servers read it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from boxgauge.export.entries.boxes import BOXES
from boxgauge.export.entries.calibration import CALIBRATION
from boxgauge.export.entries.certified import CERTIFIED
from boxgauge.export.entries.classification import CLASSIFICATION
from boxgauge.export.entries.errors import ERRORS
from boxgauge.export.entries.exact import EXACT
from boxgauge.export.entries.masks import MASKS
from boxgauge.export.entries.metrics import METRICS
from boxgauge.export.entries.pixels import PIXELS
from boxgauge.export.entries.predicted import PREDICTED
from boxgauge.export.entries.ranking import RANKING
from boxgauge.export.entries.resampling import RESAMPLING
from boxgauge.export.entries.score_curves import SCORE_CURVES
from boxgauge.export.entries.soft_precision import SOFT_PRECISION
from boxgauge.export.entries.total import TOTAL
from boxgauge.export.entries.voc import VOC
from boxgauge.export.entry import Entry


def catalog() -> Mapping[str, Entry]:
    """Return all entries by name, in a fixed order; gradient graphs are derived from them."""
    return collect(
        (
            *(*BOXES, *CLASSIFICATION, *MASKS, *RANKING, *SOFT_PRECISION, *TOTAL),
            *(*METRICS, *EXACT, *VOC, *ERRORS, *RESAMPLING, *CALIBRATION, *PIXELS, *SCORE_CURVES),
            *(*CERTIFIED, *PREDICTED),
        )
    )


def collect(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """Return ``entries`` by name.

    Raises:
        ValueError: A graph's name, a gradient graph's included, is used twice.
    """
    by_name: dict[str, Entry] = {}
    taken: set[str] = set()
    for entry in entries:
        for name in filter(None, (entry.name, entry.gradient_graph)):
            if name in taken:
                raise ValueError(f"two graphs are called {name!r}")
            taken.add(name)
        by_name[entry.name] = entry
    return MappingProxyType(by_name)
