"""Where work that nobody waits for lets other work go first: between two runs of graphs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Pause = Callable[[], None]

_PAUSE: ContextVar[Pause | None] = ContextVar("pause", default=None)


@contextmanager
def pausing(pause: Pause) -> Iterator[None]:
    """Have it called before each run of a graph in this context and in those copied from it.

    Args:
        pause: Returns when the next run may begin; called in the thread that runs.
    """
    token = _PAUSE.set(pause)
    try:
        yield
    finally:
        _PAUSE.reset(token)


def pause_here() -> None:
    """Pause, where this context is one that does."""
    pause = _PAUSE.get()
    if pause is not None:
        pause()
