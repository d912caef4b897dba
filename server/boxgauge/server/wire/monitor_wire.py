"""What a monitor is asked for, from and to the contract."""

from boxgauge.engine.online.windows import Ring, Window
from boxgauge.frames import InvalidInputError
from boxgauge.server.monitor.definition import (
    Compared,
    Definition,
    DriftReference,
    SliceKey,
    TallyKind,
)
from boxgauge.server.wire.settings_wire import (
    class_out,
    classes_in,
    evaluation_in,
    evaluation_out,
)
from boxgauge.v1 import monitor_pb2 as pb

_SECOND_US = 1_000_000
_LONGEST_S = 100 * 366 * 86_400.0
_KINDS = {
    pb.TALLY_KIND_UNSPECIFIED: TallyKind.EXACT,
    pb.TALLY_KIND_EXACT: TallyKind.EXACT,
    pb.TALLY_KIND_SKETCH: TallyKind.SKETCH,
}
_KINDS_OUT = {
    TallyKind.EXACT: pb.TALLY_KIND_EXACT,
    TallyKind.SKETCH: pb.TALLY_KIND_SKETCH,
}


def definition_in(message: pb.MonitorSettings) -> Definition:
    """Return the definition; what is empty, absent or 0 takes its default.

    Raises:
        InvalidInputError: A value is out of its range; names the field.
    """
    if message.tally not in _KINDS:
        raise InvalidInputError.at("tally", message.tally, "TALLY_KIND_EXACT or TALLY_KIND_SKETCH")
    default, ring, drift = Ring(), message.ring, message.drift
    windows = tuple(
        Window(each.name, _microseconds("duration_s", each.duration_s), each.images)
        for each in message.windows
    )
    reference = DriftReference()
    return Definition(
        classes=classes_in(message.classes),
        settings=evaluation_in(message.evaluation),
        tally=_KINDS[message.tally],
        slices=tuple(
            SliceKey(each.key, each.max_values) if each.max_values else SliceKey(each.key)
            for each in message.slices
        ),
        windows=windows or (Window(),),
        ring=Ring(
            ring.minutes or default.minutes,
            ring.hours or default.hours,
            ring.days or default.days,
        ),
        **_given(
            retention_us=_microseconds("retention_s", message.retention_s),
            max_ahead_us=_microseconds("max_ahead_s", message.max_ahead_s),
        ),
        losses=tuple(message.losses),
        comparisons=tuple(Compared(each.champion, each.challenger) for each in message.comparisons),
        drift=DriftReference(
            drift.reference_from_us,
            _microseconds("drift.reference_s", drift.reference_s) or reference.duration_us,
            drift.level or reference.level,
        ),
    )


def definition_out(definition: Definition) -> pb.MonitorSettings:
    """Return the message with every value filled in."""
    return pb.MonitorSettings(
        classes=[class_out(each) for each in definition.classes],
        evaluation=evaluation_out(definition.settings),
        tally=_KINDS_OUT[definition.tally],
        slices=[
            pb.SliceKey(key=each.key, max_values=each.max_values) for each in definition.slices
        ],
        windows=[
            pb.WindowSettings(
                name=each.name, duration_s=each.duration_us / _SECOND_US, images=each.images
            )
            for each in definition.windows
        ],
        ring=pb.RingSettings(
            minutes=definition.ring.minutes,
            hours=definition.ring.hours,
            days=definition.ring.days,
        ),
        retention_s=definition.retention_us / _SECOND_US,
        max_ahead_s=definition.max_ahead_us / _SECOND_US,
        losses=definition.losses,
        comparisons=[
            pb.ComparisonSettings(champion=each.champion, challenger=each.challenger)
            for each in definition.comparisons
        ],
        drift=pb.DriftSettings(
            reference_from_us=definition.drift.from_us,
            reference_s=definition.drift.duration_us / _SECOND_US,
            level=definition.drift.level,
        ),
    )


def _microseconds(field: str, seconds: float) -> int:
    """Return a duration; NaN and what is negative or over a hundred years are refused."""
    if not 0 <= seconds <= _LONGEST_S:
        raise InvalidInputError.at(field, seconds, f"in [0, {_LONGEST_S:g}]")
    return round(seconds * _SECOND_US)


def _given(**values: int) -> dict[str, int]:
    return {name: value for name, value in values.items() if value}
