"""Numbers for patterns of outcomes, as many as leave room to make bins coarse."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sketch import rows
from boxgauge.frames import ResourceExhaustedError


def most_patterns(settings: EvaluationSettings) -> int:
    """Return how many patterns a sketch may have.

    Rows can then always be made few enough: in one bin there is one a pattern and maximum.
    """
    return rows.MAX_ROWS // len(settings.max_detections)


def with_patterns(found: dict[bytes, int], more: Iterable[bytes], most: int) -> dict[bytes, int]:
    """Return the codes of known patterns and of more: new ones get the next codes.

    Raises:
        ResourceExhaustedError: There would be more than ``most``.
    """
    new = [each for each in dict.fromkeys(more) if each not in found]
    if not new:
        return found
    wanted = len(found) + len(new)
    if wanted > most:
        raise ResourceExhaustedError(
            f"a sketch holds at most {most} patterns of outcomes: these would be {wanted}",
            field="patterns",
            value=wanted,
        )
    return found | {each: len(found) + k for k, each in enumerate(new)}


def codes_of(found: dict[bytes, int], patterns: Sequence[bytes]) -> NDArray[np.int64]:
    """Return the code of each pattern, all of which are known."""
    return np.fromiter(map(found.__getitem__, patterns), np.int64, len(patterns))
