"""Options have ranges: checked here, by name, in the notation of intervals.

An option that the mathematics leaves open ends at 1e6, and one that divides begins at 1e-6, or
at 1e-16 where it is a floor: within these, float32 holds every value and every gradient for
coordinates up to 1e6 and logits up to 1e4.
"""


def refuse_outside(wanted: str, **options: float) -> None:
    """Raise unless each option is a number in an interval: ``"(0, 1]"``, ``"0 or [1, 1e6]"``.

    NaN is in none, and infinity only in one that is closed there: ``"[0, inf]"``.

    Raises:
        TypeError: An option is no number.
        ValueError: An option is outside. Both name it and say what was found.
    """
    for name, value in options.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} must be a number: got {value!r}")
        if not any(_contains(part, value) for part in wanted.split(" or ")):
            raise ValueError(f"{name} must be {_in(wanted)}: got {value}")


def _contains(part: str, value: float) -> bool:
    if part[0] not in "[(":
        return value == float(part)
    low, high = (float(end) for end in part[1:-1].split(","))
    is_above = value >= low if part[0] == "[" else value > low
    is_below = value <= high if part[-1] == "]" else value < high
    return is_above and is_below


def _in(wanted: str) -> str:
    """Return an interval, or a number and an interval, in words: ``0 or in [1, 1e6]``."""
    return wanted.replace("[", "in [", 1) if "[" in wanted else wanted.replace("(", "in (", 1)
