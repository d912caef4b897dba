"""Work behind what is waited for: done in a thread, its result taken up on the event loop."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class Behind:
    """Gives work to threads that nobody waits for; if it is not done, nothing is lost.

    Args:
        executor: Of the threads.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._under_way: set[asyncio.Future[Any]] = set()

    def do(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Have work done, and what then follows done on the event loop."""

        def ended(done: "asyncio.Future[T]") -> None:
            self._under_way.discard(done)
            if done.cancelled():
                return
            if (error := done.exception()) is not None:
                _LOG.warning("work in a thread failed, and is done without it", exc_info=error)
            else:
                then(done.result())

        try:
            begun = asyncio.get_running_loop().run_in_executor(self._executor, work)
        except (RuntimeError, MemoryError):  # the service stops, or has no room for one more
            _LOG.debug("no thread takes any work", exc_info=True)
            return
        self._under_way.add(begun)
        begun.add_done_callback(ended)
