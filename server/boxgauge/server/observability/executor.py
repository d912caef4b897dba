"""A pool of threads that says how long work waited for one of them."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class ObservedExecutor(ThreadPoolExecutor):
    """Runs each function in the context of its caller, so that its log lines know the call.

    Args:
        workers: How many threads there are at most.
        waited: Told, in the thread, how many seconds each function waited.
    """

    def __init__(self, workers: int, waited: Callable[[float], None]) -> None:
        super().__init__(workers, thread_name_prefix="engine")
        self._waited = waited

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Run the function in one of the threads."""
        since, context = time.perf_counter(), copy_context()

        def run() -> R:
            self._waited(time.perf_counter() - since)
            return context.run(fn, *args, **kwargs)

        return super().submit(run)
