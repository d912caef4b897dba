"""The options of a new monitor as they are typed, and the settings that they mean."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxgauge.cli.options import floats
from boxgauge.frames import InvalidInputError

if TYPE_CHECKING:
    from boxgauge.client import MonitorSettings, RingSettings


@dataclass(frozen=True, slots=True)
class ClassOptions:
    """Where classes come from: at most one of a COCO file, a list of names, and options."""

    gt: Path | None
    names: Path | None
    given: Sequence[str]


@dataclass(frozen=True, slots=True)
class SettingOptions:
    """What was typed; None or nothing leaves it to the configuration file, or the service."""

    strict: bool
    score_threshold: float | None
    iou: str | None
    tally: str | None
    slices: Sequence[str]
    windows: Sequence[str]
    ring: str | None
    retention: str | None
    max_ahead: str | None
    losses: Sequence[str]
    comparisons: Sequence[str]
    drift_from: str | None
    drift_reference: str | None
    drift_level: float | None


def chosen_classes(
    options: ClassOptions, configured: dict[int, str], *, strict: bool
) -> dict[int, str]:
    """Return names by class id.

    Raises:
        InvalidInputError: There are several sources, or none, or one does not read.
    """
    sources = {
        "--gt": options.gt is not None,
        "--classes": options.names is not None,
        "--class": bool(options.given),
        "[classes] of --config": bool(configured),
    }
    found = [name for name, is_given in sources.items() if is_given]
    if len(found) != 1:
        shown = " and ".join(found) or "none"
        raise InvalidInputError.at(
            "classes", shown, f"given by exactly one of {', '.join(sources)}"
        )
    if options.gt is not None:
        from boxgauge.formats import read_ground_truth

        truth = read_ground_truth(options.gt, strict=strict)
        return {each.id: each.name for each in truth.classes}
    if options.names is not None:
        from boxgauge.formats import read_class_names

        return {each.id: each.name for each in read_class_names(options.names)}
    return _distinct(options.given) if options.given else configured


def _distinct(given: Sequence[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for text in given:
        class_id, name = _class(text)
        if class_id in found:
            raise InvalidInputError.at("--class", repr(text), "of distinct ids")
        found[class_id] = name
    return found


def chosen_settings(options: SettingOptions, configured: "MonitorSettings") -> "MonitorSettings":
    """Return the settings: what was typed wins over what is configured.

    Raises:
        InvalidInputError: An option does not read.
    """
    evaluation: dict[str, Any] = {}
    if options.strict:
        evaluation["strict"] = True
    if options.score_threshold is not None:
        evaluation["score_threshold"] = options.score_threshold
    if options.iou is not None:
        evaluation["iou_thresholds"] = floats("--iou", options.iou)
    drift: dict[str, Any] = {}
    if options.drift_from is not None:
        drift["reference_from"] = moment("--drift-from", options.drift_from)
    if options.drift_reference is not None:
        drift["reference"] = options.drift_reference
    if options.drift_level is not None:
        drift["level"] = options.drift_level
    for name, value in (
        ("--drift-from", drift.get("reference_from")),
        ("--drift-reference", options.drift_reference),
        ("--drift-level", options.drift_level),
        ("--retention", options.retention),
        ("--max-ahead", options.max_ahead),
    ):
        refuse_zero(name, value)
    given: dict[str, Any] = {
        "tally": options.tally,
        "slices": _slices(options.slices) or None,
        "windows": tuple(options.windows) or None,
        "ring": _ring(options.ring) if options.ring is not None else None,
        "retention": options.retention,
        "max_ahead": options.max_ahead,
        "losses": tuple(options.losses) or None,
        "comparisons": tuple(_compared(text) for text in options.comparisons) or None,
    }
    return replace(
        configured,
        evaluation=replace(configured.evaluation, **evaluation),
        drift=replace(configured.drift, **drift),
        **{name: value for name, value in given.items() if value is not None},
    )


def refuse_zero(name: str, given: object) -> None:
    """Refuse a zero that somebody wrote: to the service it would mean its own value.

    Args:
        name: Of the option or the key.
        given: A number, a length of time, a moment; None: nothing was written. What does not
            read is left to whoever reads it.

    Raises:
        InvalidInputError: It is 0.
    """
    from boxgauge.client.durations import seconds
    from boxgauge.client.image_columns import event_time_us

    if given is None:
        return
    try:
        found = event_time_us(given, name) if isinstance(given, datetime) else seconds(given, name)  # type: ignore[arg-type]  # refused if it is none
    except InvalidInputError:
        return
    if found == 0:
        wanted = "above 0, or left out for the service's own value"
        raise InvalidInputError.at(name, given, wanted)


def moment(option: str, text: str) -> datetime:
    """Return a moment as typed: ``2026-11-27T08:00:00Z``; without a zone it is UTC.

    Raises:
        InvalidInputError: It does not read so.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        wanted = "a moment, as 2026-11-27T08:00:00Z"
        raise InvalidInputError.at(option, repr(text), wanted) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def key_and_value(option: str, text: str, wanted: str) -> tuple[str, str]:
    """Return what stands before and behind the first ``=``.

    Raises:
        InvalidInputError: There is nothing before it, or none.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise InvalidInputError.at(option, repr(text), wanted)
    return key, value


def _class(text: str) -> tuple[int, str]:
    wanted = "ID=NAME, as 1=cat"
    class_id, name = key_and_value("--class", text, wanted)
    try:
        return int(class_id), name
    except ValueError:
        raise InvalidInputError.at("--class", repr(text), wanted) from None


def _slices(given: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in given:
        key, most = _slice(text)
        if key in found:
            raise InvalidInputError.at("--slice", repr(text), "of distinct keys")
        found[key] = most
    return found


def _slice(text: str) -> tuple[str, int]:
    key, equals, most = text.partition("=")
    if equals and not (most.isascii() and most.isdecimal()):
        wanted = "KEY, or KEY=VALUES with how many values get a slice of their own"
        raise InvalidInputError.at("--slice", repr(text), wanted)
    if equals:
        refuse_zero(f"--slice {key}", int(most))
    return key, int(most) if equals else 0


def _ring(text: str) -> "RingSettings":
    from boxgauge.client import RingSettings

    parts = text.split(",")
    if len(parts) != 3 or not all(each.isascii() and each.isdecimal() for each in parts):
        raise InvalidInputError.at("--ring", repr(text), "MINUTES,HOURS,DAYS, as 60,48,90")
    for each in parts:
        refuse_zero("--ring", int(each))
    return RingSettings(*map(int, parts))


def _compared(text: str) -> tuple[str, str]:
    champion, comma, challenger = text.partition(",")
    if not (champion and comma and challenger):
        raise InvalidInputError.at("--compare", repr(text), "CHAMPION,CHALLENGER")
    return champion, challenger
