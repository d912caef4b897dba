"""A look at what lives on the event loop, for a thread that may wait."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from boxgauge.frames import UnavailableError

T = TypeVar("T")


def on_loop(loop: asyncio.AbstractEventLoop, look: Callable[[], T], *, timeout_s: float) -> T:
    """Return what ``look`` returns when the loop calls it, between two of its steps.

    Raises:
        UnavailableError: The loop is closed, or has not come to it in time.
    """
    answer: Future[T] = Future()

    def call() -> None:
        if not answer.set_running_or_notify_cancel():
            return  # nobody waits any more
        try:
            answer.set_result(look())
        except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
            answer.set_exception(error)

    try:
        loop.call_soon_threadsafe(call)
        return answer.result(timeout_s)
    except TimeoutError:
        answer.cancel()
    except RuntimeError:
        if not loop.is_closed():
            raise
    raise UnavailableError("the service is busy or stopping: ask again later")
