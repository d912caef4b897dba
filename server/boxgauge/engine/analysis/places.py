"""Looking up one of the settings' thresholds, areas or maxima."""

from collections.abc import Sequence

from boxgauge.frames import InvalidInputError


def place_of(field: str, value: object, among: Sequence[object]) -> int:
    """Return where a value stands among what was evaluated.

    Raises:
        InvalidInputError: It was not evaluated; names the field, the value and what there is.
    """
    if value not in among:
        raise InvalidInputError.at(field, repr(value), f"among {list(among)}")
    return among.index(value)
