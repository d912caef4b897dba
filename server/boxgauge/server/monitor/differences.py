"""The first thing in which two definitions of a monitor differ, in words."""

from dataclasses import astuple, fields

from boxgauge.engine import EvaluationSettings
from boxgauge.engine.online.windows import Ring, Window
from boxgauge.server.monitor.definition import Compared, Definition, DriftReference, SliceKey

_MOST_SHOWN = 10  # values of a list in a message: COCO's thresholds


def difference(known: Definition, asked: Definition) -> str:
    """Return the first thing that the known definition has otherwise, with both values."""
    if known.classes != asked.classes:
        here = [f"{each.id}={each.name}" for each in known.classes if each not in asked.classes]
        there = [f"{each.id}={each.name}" for each in asked.classes if each not in known.classes]
        return f"of the classes it has {_shown(here)} where the request has {_shown(there)}"
    if known.settings != asked.settings:
        return _settings(known.settings, asked.settings)
    name = next(
        each.name
        for each in fields(Definition)
        if getattr(known, each.name) != getattr(asked, each.name)
    )
    here, there = getattr(known, name), getattr(asked, name)
    if name.endswith("_us"):
        return f"{name.removesuffix('_us')} is {here / 1e6:g} s, not {there / 1e6:g} s"
    return f"{name} is {_shown(here)}, not {_shown(there)}"


def _settings(known: EvaluationSettings, asked: EvaluationSettings) -> str:
    name = next(
        each.name
        for each in fields(EvaluationSettings)
        if getattr(known, each.name) != getattr(asked, each.name)
    )
    if name == "areas":
        here, there = (
            [f"{area.name}={area.low:g}..{area.high:g}" for area in each.areas]
            for each in (known, asked)
        )
        return f"areas are {_shown(here)}, not {_shown(there)}"
    return f"{name} is {_shown(getattr(known, name))}, not {_shown(getattr(asked, name))}"


def _shown(value: object) -> str:
    """Return one value or a short list as text; a long list says how long it is."""
    if isinstance(value, Ring):
        return "{},{},{}".format(*astuple(value))
    if isinstance(value, DriftReference):
        start = f"from {value.from_us / 1e6:.0f} s" if value.from_us else "from the first image"
        return f"{start}, {value.duration_us / 1e6:g} s, level {value.level:g}"
    if not isinstance(value, list | tuple):
        return str(value).lower() if isinstance(value, bool) else str(value)
    listed = ", ".join(_item(each)[:80] for each in value[:_MOST_SHOWN])
    more = len(value) - _MOST_SHOWN
    return (listed + (f" and {more} more" if more > 0 else "")) or "none"


def _item(value: object) -> str:
    """Return one item of a list as it is written when a monitor is made."""
    match value:
        case Window(name=name, duration_us=duration_us, images=images):
            span = f"{images} images" if images else f"{duration_us / 1e6:g} s"
            return f"{name} ({span if images or duration_us else 'all'})"
        case SliceKey(key=key, max_values=most):
            return f"{key}={most}"
        case Compared(champion=champion, challenger=challenger):
            return f"{champion},{challenger}"
    return str(value)
