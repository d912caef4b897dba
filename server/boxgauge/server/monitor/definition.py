"""What a monitor is asked to do: fixed at creation, kept in the journal."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.engine.online.windows import DAY_US, HOUR_US, MINUTE_US, Ring, Window
from boxgauge.frames import InvalidInputError
from boxgauge.server.monitor.names import check_name

MAX_SLICE_KEYS, MAX_SLICE_VALUES = 8, 1000
MAX_WINDOWS, MAX_LOSSES, MAX_COMPARISONS = 8, 8, 4
MAX_BUCKETS = 1000
LABEL_SOURCE = "label_source"
OTHER = "__other__"

_WINDOW = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


class TallyKind(StrEnum):
    """What a tally keeps of each detection."""

    EXACT = "exact"
    SKETCH = "sketch"


@dataclass(frozen=True, slots=True)
class SliceKey:
    """A tag by which images are sliced, and how many of its values get a slice of their own."""

    key: str
    max_values: int = 100


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models that are compared all the time."""

    champion: str
    challenger: str

    def other(self, model: str) -> str:
        """Return the model that this one is compared with, or "" where it is neither."""
        return {self.champion: self.challenger, self.challenger: self.champion}.get(model, "")


@dataclass(frozen=True, slots=True)
class DriftReference:
    """What drift is measured against.

    Attributes:
        from_us: First event time; 0: that of the first image.
        duration_us: How long it is.
        level: Chance of a false alarm of one test of a window.
    """

    from_us: int = 0
    duration_us: int = HOUR_US
    level: float = 0.01


@dataclass(frozen=True, slots=True)
class Definition:
    """A monitor as asked for; see `boxgauge.v1.MonitorSettings` for what each field means.

    Raises:
        InvalidInputError: A value is out of its range.
    """

    classes: tuple[ObjectClass, ...]
    settings: EvaluationSettings
    tally: TallyKind = TallyKind.EXACT
    slices: tuple[SliceKey, ...] = ()
    windows: tuple[Window, ...] = (Window(),)
    ring: Ring = field(default_factory=Ring)
    retention_us: int = 7 * DAY_US
    max_ahead_us: int = MINUTE_US
    losses: tuple[str, ...] = ()
    comparisons: tuple[Compared, ...] = ()
    drift: DriftReference = field(default_factory=DriftReference)

    def __post_init__(self) -> None:
        for name, found, most in (
            ("slices", self.slices, MAX_SLICE_KEYS),
            ("windows", self.windows, MAX_WINDOWS),
            ("losses", self.losses, MAX_LOSSES),
            ("comparisons", self.comparisons, MAX_COMPARISONS),
        ):
            if len(found) > most:
                raise InvalidInputError.at(name, len(found), f"at most {most}")
        if not self.windows:
            raise InvalidInputError.at("windows", [], "at least one")
        self._check_names()
        self._check_times()

    def _check_times(self) -> None:
        for window in self.windows:
            both = window.duration_us and window.images
            if window.duration_us < 0 or window.images < 0 or both:
                shown = f"{window.duration_us / 1e6} s, {window.images} images"
                wanted = "a duration or a number of images, or neither"
                raise InvalidInputError.at(f"windows[{window.name}]", shown, wanted)
        buckets = (self.ring.minutes, self.ring.hours, self.ring.days)
        if min(buckets) < 1 or sum(buckets) > MAX_BUCKETS:
            wanted = f"each at least 1, at most {MAX_BUCKETS} in all"
            raise InvalidInputError.at("ring", list(buckets), wanted)
        if self.retention_us < MINUTE_US:
            raise InvalidInputError.at("retention_s", self.retention_us / 1e6, "at least 60")
        kept_us = self.ring.days * DAY_US
        if self.retention_us > kept_us:
            wanted = f"at most {kept_us / 1e6:g}, what the ring's days cover"
            raise InvalidInputError.at("retention_s", self.retention_us / 1e6, wanted)
        if self.max_ahead_us < 0:
            raise InvalidInputError.at("max_ahead_s", self.max_ahead_us / 1e6, "at least 0")
        if not 0 < self.drift.level < 1:
            raise InvalidInputError.at("drift.level", self.drift.level, "in (0, 1)")
        if self.drift.from_us < 0 or self.drift.duration_us < MINUTE_US:
            shown = f"{self.drift.duration_us / 1e6} s from {self.drift.from_us}"
            raise InvalidInputError.at("drift.reference", shown, "at least 60 s, from 0 on")

    def window(self, name: str) -> Window:
        """Return the window of this name, or the first one for an empty name.

        Raises:
            InvalidInputError: There is none.
        """
        if not name:
            return self.windows[0]
        found = next((each for each in self.windows if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in self.windows)
            raise InvalidInputError.at("window", repr(name[:40]), f"one of {known}")
        return found

    def _check_names(self) -> None:
        for what, pattern, names in (
            ("windows.name", _WINDOW, [each.name for each in self.windows]),
            ("slices.key", _KEY, [each.key for each in self.slices]),
        ):
            for name in names:
                if not pattern.fullmatch(name):
                    raise InvalidInputError.at(
                        what, repr(name[:80]), f"of the form {pattern.pattern}"
                    )
        for what, listed in (
            ("windows.name", [each.name for each in self.windows]),
            ("slices.key", [each.key for each in self.slices]),
            ("losses", list(self.losses)),
            ("comparisons", [f"{each.champion}, {each.challenger}" for each in self.comparisons]),
        ):
            twice = next((each for each in listed if listed.count(each) > 1), None)
            if twice is not None:
                raise InvalidInputError.at(what, repr(twice), "distinct")
        for key in self.slices:
            if not 0 < key.max_values <= MAX_SLICE_VALUES:
                raise InvalidInputError.at(
                    f"slices[{key.key}].max_values", key.max_values, f"in [1, {MAX_SLICE_VALUES}]"
                )
        for pair in self.comparisons:
            check_name("comparisons.champion", pair.champion)
            check_name("comparisons.challenger", pair.challenger)
            if pair.champion == pair.challenger:
                raise InvalidInputError.at("comparisons", repr(pair.champion), "two models")
