"""What a new monitor is asked for, from a TOML file with the names of the client's classes."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from boxgauge.cli.monitor_options import refuse_zero
from boxgauge.client import DriftSettings, EvaluationSettings, MonitorSettings, RingSettings
from boxgauge.client.monitor_settings import monitor_message
from boxgauge.frames import InvalidInputError

T = TypeVar("T", EvaluationSettings, RingSettings, DriftSettings, MonitorSettings)
_NOT_ZERO = (
    *("retention", "max_ahead", "ring.minutes", "ring.hours", "ring.days"),
    *("drift.reference_from", "drift.reference", "drift.level"),
)
_PARTS = {"evaluation": EvaluationSettings, "ring": RingSettings, "drift": DriftSettings}


@dataclass(frozen=True, slots=True)
class MonitorConfig:
    """Classes by id, none where the file names none, and all the rest."""

    classes: dict[int, str]
    settings: MonitorSettings


def read_config(path: Path) -> MonitorConfig:
    """Return what a file asks for.

    Tables ``[classes]``, ``[evaluation]``, ``[ring]``, ``[drift]`` and, as numbers of values by
    key, ``[slices]``; the other keys are those of `MonitorSettings`.

    Raises:
        InvalidInputError: The file cannot be read; or a key is not known, or its value is of
            the wrong type: names the key.
    """
    try:
        document = tomllib.loads(path.read_text())
    except OSError as error:
        raise InvalidInputError.at("--config", f"{path}: {error.strerror}", "a file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError.at("--config", f"{path}: {error}", "a TOML file") from None
    classes = _classes(path, document.pop("classes", {}))
    for name, value in _written(document):
        refuse_zero(f"{path}: {name}", value)
    for name, kind in _PARTS.items():
        document[name] = _made(path, kind, document.get(name, {}), f"{name}.")
    settings = _made(path, MonitorSettings, document, "")
    try:
        monitor_message(classes, settings)
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{path}: {error}", field=f"{path}: {error.field}", value=error.value
        ) from None
    return MonitorConfig(classes, settings)


def _written(document: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the keys that are written and whose 0 would mean the service's own value."""
    for name in _NOT_ZERO:
        table, _, key = name.rpartition(".")
        place = document.get(table, {}) if table else document
        if isinstance(place, Mapping) and key in place:
            yield name, place[key]
    slices = document.get("slices")
    if isinstance(slices, Mapping):
        yield from ((f"slices.{key}", most) for key, most in slices.items())


def _made(path: Path, kind: type[T], given: object, prefix: str) -> T:
    if not isinstance(given, Mapping):
        raise InvalidInputError.at(f"{path}: {prefix[:-1]}", repr(given), "a table")
    known = [each.name for each in fields(kind)]
    for name in given:
        if name not in known:
            wanted = f"one of {'' if prefix else 'classes, '}{', '.join(known)}"
            raise InvalidInputError.at(f"{path}: the key", repr(f"{prefix}{name}"), wanted)
    values: dict[str, Any] = dict(given)
    return kind(**values)


def _classes(path: Path, given: object) -> dict[int, str]:
    if not isinstance(given, Mapping):
        raise InvalidInputError.at(f"{path}: classes", repr(given), "a table of names by id")
    found = {}
    for key, name in given.items():
        try:
            class_id = int(key)
        except ValueError:
            wanted = 'keyed by numbers, as 1 = "cat"'
            raise InvalidInputError.at(f"{path}: classes", repr(key), wanted) from None
        if not isinstance(name, str):
            raise InvalidInputError.at(f"{path}: classes.{key}", repr(name), "a name")
        found[class_id] = name
    return found
