"""Reports as Prometheus text, rendered when they are published; a scrape only appends it."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport
from boxgauge.server.registry_text import escaped
from boxgauge.server.samples import Sample, comparison_samples, report_samples
from boxgauge.server.series import QUALITY, Series

_REPORTS, _COMPARISONS, _FACTS = "report", "comparison", "facts"
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """What is exported together or not at all: one report, comparison, or monitor's facts.

    Attributes:
        lines: Text by family; none where there was no room for it when it was published.
        series: How many it has.
        is_whole: Of all images, so that it goes before slices.
    """

    lines: Mapping[str, bytes]
    series: int
    is_whole: bool


class Exposition:
    """The series of every report and comparison, as text that a scrape appends.

    Written on the event loop, read by the threads that answer scrapes. It is all gauges, whose
    text is the same in Prometheus' format and in OpenMetrics.

    Args:
        max_series: Series of reports and comparisons at a time. Those of all images come first,
            then slices in the order in which they came; one that has no room is left out whole,
            and comes in when it is published again while there is room.
        max_classes: Classes of a report with series of their own, the first by id.
    """

    def __init__(self, *, max_series: int, max_classes: int) -> None:
        self._max_series = max_series
        self._max_classes = max_classes
        self._lock = threading.Lock()
        self._blocks: dict[Key, Block] = {}
        self._facts: dict[str, dict[str, float]] = {}
        self._shown: list[Key] | None = []
        self._text: bytes | None = None
        self._version = 0

    def publish(self, made: MonitorReport) -> None:
        """Show this report in place of the last one of its model, window and slice."""
        labels = {
            "monitor": made.monitor,
            "model": made.model,
            "window": made.window.name,
            "slice": made.slice,
        }
        samples = report_samples(made, max_classes=self._max_classes)
        self._show((made.monitor, _REPORTS, *labels.values()), labels, samples, made.slice)
        self.note(made.monitor, **facts(made.labelled_images, made.watermark_us))

    def compared(self, made: MonitorComparison) -> None:
        """Show this comparison in place of the last one of its models, window and slice."""
        labels = {
            "monitor": made.monitor,
            "champion": made.champion,
            "challenger": made.challenger,
            "window": made.window.name,
            "slice": made.slice,
        }
        samples = comparison_samples(made.quality, is_whole=not made.slice)
        self._show((made.monitor, _COMPARISONS, *labels.values()), labels, samples, made.slice)

    def note(self, monitor: str, **values: float) -> None:
        """Show these values of a monitor, by the names of their series."""
        known = self._facts.setdefault(monitor, {})
        if all(known.get(name) == value for name, value in values.items()):
            return
        known |= values
        block = _block({"monitor": monitor}, ((name, (), each) for name, each in known.items()))
        with self._lock:
            # It costs no more than there are monitors, and is not held against the bound.
            self._replace((monitor, _FACTS), block, series=0, is_whole=True)

    def forget(self, monitor: str) -> None:
        """Show nothing of this monitor any more."""
        with self._lock:
            self._blocks = {key: each for key, each in self._blocks.items() if key[0] != monitor}
            self._shown = None
            self._changed()
        self._facts.pop(monitor, None)

    def text(self) -> bytes:
        """Return all series, each family once under its HELP and TYPE; joined once a change."""
        with self._lock:
            if self._text is not None:
                return self._text
            if self._shown is None:
                self._shown = _that_fit(self._blocks, self._max_series)
            shown = [self._blocks[key] for key in self._shown]
            everything, version = sum(each.series for each in self._blocks.values()), self._version
        # Outside the lock, which the event loop may be waiting for.
        text = b"".join(_families(shown, everything, self._max_series))
        with self._lock:
            if self._version == version:
                self._text = text
        return text

    def _show(
        self, key: Key, labels: Mapping[str, str], samples: Iterable[Sample], of: str
    ) -> None:
        block = _block(labels, samples)
        with self._lock:
            self._replace(key, block, series=block.series, is_whole=not of)

    def _replace(self, key: Key, block: Block, *, series: int, is_whole: bool) -> None:
        before = self._blocks.get(key)
        # The text of slices without room would be most of what is kept here, and never be read.
        is_kept = is_whole or series <= self._room(key)
        now = self._blocks[key] = Block(block.lines if is_kept else {}, series, is_whole)
        if before is None or (before.series, not before.lines) != (series, not now.lines):
            self._shown = None
        self._changed()

    def _room(self, key: Key) -> int:
        """Return how many series the block of this key may have."""
        if self._shown is None:
            self._shown = _that_fit(self._blocks, self._max_series)
        used = sum(self._blocks[each].series for each in self._shown if each != key)
        return self._max_series - used

    def _changed(self) -> None:
        self._text = None
        self._version += 1


def _families(shown: Sequence[Block], everything: int, most: int) -> Iterator[bytes]:
    exported = sum(each.series for each in shown)
    bounds = _block(
        {},
        [
            ("boxgauge_exported_series", (), exported),
            ("boxgauge_exported_series_limit", (), most),
            ("boxgauge_dropped_series", (), everything - exported),
        ],
    )
    for series in QUALITY:
        body = [each.lines[series.name] for each in (*shown, bounds) if series.name in each.lines]
        if body:
            yield header(series)
            yield from body


def facts(labelled_images: int, watermark_us: int) -> dict[str, float]:
    """Return what is known of a monitor as values of its series; without a watermark, less."""
    known = {"boxgauge_labelled_images": float(labelled_images)}
    if watermark_us:
        known["boxgauge_watermark_timestamp_seconds"] = watermark_us / 1e6
    return known


def header(series: Series) -> bytes:
    """Return the HELP and TYPE lines of one family of gauges."""
    return f"# HELP {series.name} {series.meaning}\n# TYPE {series.name} {series.kind}\n".encode()


def _that_fit(blocks: Mapping[Key, Block], most: int) -> list[Key]:
    """Return the blocks that are shown: all images first, then slices, while there is room."""
    shown, room = [], most
    kept = [each for each in blocks.items() if each[1].lines]
    for key, block in sorted(kept, key=lambda each: not each[1].is_whole):
        if block.series <= room:
            shown.append(key)
            room -= block.series
    return shown


def _block(labels: Mapping[str, str], samples: Iterable[Sample]) -> Block:
    """Return the text lines of each family; what is undefined has none."""
    shared = [_label(each) for each in labels.items()]
    found: dict[str, list[str]] = {}
    for name, own, value in samples:
        if value is not None:
            pairs = ",".join([*shared, *map(_label, own)])
            inside = f"{{{pairs}}}" if pairs else ""
            found.setdefault(name, []).append(f"{name}{inside} {float(value)!r}\n")
    lines = {name: "".join(each).encode() for name, each in found.items()}
    return Block(lines, sum(map(len, found.values())), is_whole=True)


def _label(pair: tuple[str, str]) -> str:
    name, value = pair
    return f'{name}="{escaped(value)}"'
