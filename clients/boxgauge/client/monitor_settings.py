"""What a monitor is asked for; what is left out is the service's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from boxgauge.client.checks import check_text
from boxgauge.client.durations import Duration, seconds, window_message, window_text
from boxgauge.client.image_columns import Moment, event_time_us
from boxgauge.client.settings import (
    EvaluationSettings,
    class_messages,
    evaluation_from,
    evaluation_message,
)
from boxgauge.frames import InvalidInputError
from boxgauge.v1 import monitor_pb2 as pb

TALLIES = {"exact": pb.TALLY_KIND_EXACT, "sketch": pb.TALLY_KIND_SKETCH}
_UINT32 = range(2**32)


@dataclass(frozen=True, slots=True)
class RingSettings:
    """Buckets of event time; older ones are joined into wider ones. 0: the service's.

    Attributes:
        minutes: Buckets of a minute, the newest ones.
        hours: Buckets of an hour behind them.
        days: Buckets of a day (UTC) behind those.
    """

    minutes: int = 0
    hours: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """What drift is measured against.

    Attributes:
        reference_from: First event time of the reference; None: that of the first image.
        reference: How long the reference is; 0: the service's.
        level: Chance of a false alarm of one test of a window; 0: the service's.
    """

    reference_from: Moment | None = None
    reference: Duration = 0
    level: float = 0


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """What a monitor evaluates and keeps; fixed at creation.

    Lengths of time are seconds, a timedelta, or a text such as ``90s``, ``15m``, ``1h``, ``7d``.

    Attributes:
        evaluation: Thresholds.
        tally: ``exact`` (every detection) or ``sketch`` (bounded memory, certified
            intervals); empty: the service's.
        slices: Keys of the tags by which reports are sliced; as a mapping, with the number of
            values that get a slice of their own (0: the service's).
        windows: Windows that are reported on, as ``1h``, ``7d``, ``5000 images``, ``all`` or, with
            a name, ``shift=8h``; none: ``all``.
        ring: Buckets of time.
        retention: How long a frame waits for its other side and for corrections; 0: the service's.
        max_ahead: How far an event time may be ahead of the service's clock; 0: the service's.
        losses: Names of loss graphs that are summed over what was matched.
        comparisons: (champion, challenger) pairs of models that are compared all the time.
        drift: What drift is measured against.
    """

    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    tally: str = ""
    slices: Sequence[str] | Mapping[str, int] = ()
    windows: Sequence[str] = ()
    ring: RingSettings = field(default_factory=RingSettings)
    retention: Duration = 0
    max_ahead: Duration = 0
    losses: Sequence[str] = ()
    comparisons: Sequence[tuple[str, str]] = ()
    drift: DriftSettings = field(default_factory=DriftSettings)


def monitor_message(
    classes: Mapping[int, str], settings: EvaluationSettings | MonitorSettings
) -> pb.MonitorSettings:
    """Return a monitor's settings as the contract carries them.

    Raises:
        InvalidInputError: A value cannot be carried; names the field.
    """
    listed = class_messages(classes)
    if not isinstance(settings, MonitorSettings):
        return pb.MonitorSettings(classes=listed, evaluation=evaluation_message(settings))
    if settings.tally not in ("", *TALLIES):
        raise InvalidInputError.at("tally", repr(settings.tally), "exact or sketch")
    return pb.MonitorSettings(
        classes=listed,
        evaluation=evaluation_message(settings.evaluation),
        tally=TALLIES.get(settings.tally, pb.TALLY_KIND_UNSPECIFIED),
        slices=_slices(settings.slices),
        windows=[window_message(each) for each in _list("windows", settings.windows)],
        ring=_ring(settings.ring),
        retention_s=seconds(settings.retention, "retention"),
        max_ahead_s=seconds(settings.max_ahead, "max_ahead"),
        losses=[check_text(each, "losses") for each in _list("losses", settings.losses)],
        comparisons=[_compared(each) for each in _list("comparisons", settings.comparisons)],
        drift=_drift(settings.drift),
    )


def monitor_settings_from(message: pb.MonitorSettings) -> MonitorSettings:
    """Return the settings that a message carries, without its classes."""
    drift = message.drift
    return MonitorSettings(
        evaluation=evaluation_from(message.evaluation),
        tally=next((name for name, kind in TALLIES.items() if kind == message.tally), ""),
        slices={each.key: each.max_values for each in message.slices},
        windows=tuple(window_text(each) for each in message.windows),
        ring=RingSettings(message.ring.minutes, message.ring.hours, message.ring.days),
        retention=message.retention_s,
        max_ahead=message.max_ahead_s,
        losses=tuple(message.losses),
        comparisons=tuple((each.champion, each.challenger) for each in message.comparisons),
        drift=DriftSettings(
            drift.reference_from_us / 1e6 if drift.reference_from_us else None,
            drift.reference_s,
            drift.level,
        ),
    )


def _list(name: str, given: object) -> Iterable[object]:
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise InvalidInputError.at(name, repr(given)[:80], "a list")
    return given


def _slices(given: Sequence[str] | Mapping[str, int]) -> list[pb.SliceKey]:
    keys: list[tuple[object, object]]
    if isinstance(given, Mapping):
        keys = [*given.items()]
    else:
        keys = [(key, 0) for key in _list("slices", given)]
    return [
        pb.SliceKey(key=check_text(key, "slices"), max_values=_whole(most, f"slices[{key}]"))
        for key, most in keys
    ]


def _ring(given: RingSettings) -> pb.RingSettings:
    if not isinstance(given, RingSettings):
        raise InvalidInputError.at("ring", repr(given)[:80], "RingSettings")
    return pb.RingSettings(
        minutes=_whole(given.minutes, "ring.minutes"),
        hours=_whole(given.hours, "ring.hours"),
        days=_whole(given.days, "ring.days"),
    )


def _whole(given: object, field_name: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given not in _UINT32:
        raise InvalidInputError.at(field_name, repr(given)[:80], "a whole number, 32 bits")
    return given


def _compared(given: object) -> pb.ComparisonSettings:
    if not isinstance(given, tuple | list) or len(given) != 2:
        wanted = "pairs of (champion, challenger)"
        raise InvalidInputError.at("comparisons", repr(given)[:80], wanted)
    champion, challenger = (check_text(each, "comparisons") for each in given)
    return pb.ComparisonSettings(champion=champion, challenger=challenger)


def _drift(given: DriftSettings) -> pb.DriftSettings:
    if not isinstance(given, DriftSettings):
        raise InvalidInputError.at("drift", repr(given)[:80], "DriftSettings")
    if isinstance(given.level, bool) or not isinstance(given.level, int | float):
        raise InvalidInputError.at("drift.level", repr(given.level)[:80], "a number in (0, 1)")
    start = given.reference_from
    return pb.DriftSettings(
        reference_from_us=0 if start is None else event_time_us(start, "drift.reference_from"),
        reference_s=seconds(given.reference, "drift.reference"),
        level=given.level,
    )
