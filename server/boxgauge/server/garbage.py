"""Python's garbage collector, kept from looking through all that a service holds.

A full collection goes through every object and holds all threads meanwhile: a quarter of a second
with ten monitors of a hundred cameras, every ten seconds under load. Nearly all that is let go of
here goes by its count of references; what is left are cycles, of exceptions and tasks above all.
"""

import gc
import logging
import time
from collections.abc import Callable

_LOG = logging.getLogger(__name__)
# Between full collections: what a cycle that grew old may keep until then is little.
FULL_S = 3600.0
_UP_TO_YOUNG = 1


class Garbage:
    """Sets aside what stays, so that the collector's own passes are short.

    Args:
        clock: `time.monotonic`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at = -FULL_S

    def set_aside(self) -> None:
        """Collect what is young, and once an hour everything; then set aside what there is."""
        now = self._clock()
        if now - self._full_at < FULL_S:
            gc.collect(_UP_TO_YOUNG)
        else:
            self._full_at = now
            gc.unfreeze()
            began = time.perf_counter()
            found = gc.collect()
            _LOG.debug(
                "collected %d objects in %.0f ms", found, (time.perf_counter() - began) * 1e3
            )
        gc.freeze()

    def give_back(self) -> None:
        """Leave everything to the collector again."""
        gc.unfreeze()
