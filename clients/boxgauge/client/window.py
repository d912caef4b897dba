"""What a synchronous stream sends: a bounded number of messages ahead of the answers."""

import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Window(Generic[T]):
    """Yields items to gRPC's sending thread, at most ``size`` ahead of the answers.

    An item source that fails ends the stream as if it were complete, and its error is
    kept for the caller: gRPC would log a traceback and report a status of its own.

    Attributes:
        size: Messages on their way at a time; None leaves it to HTTP/2's flow control.
    """

    def __init__(self, items: Iterable[T], size: int | None = None) -> None:
        self._items = items
        self._free = None if size is None else threading.Semaphore(size)
        self._closed = threading.Event()
        self._error: Exception | None = None

    def answered(self) -> None:
        """Let one more item go out."""
        if self._free is not None:
            self._free.release()

    def close(self) -> None:
        """End the sending thread, if it waits for an answer, and raise what the items raised."""
        self._closed.set()
        self.answered()
        if self._error is not None:
            raise self._error

    def __iter__(self) -> Iterator[T]:
        try:
            for item in self._items:
                if self._free is not None:
                    self._free.acquire()
                if self._closed.is_set():
                    return
                yield item
        except Exception as error:  # noqa: BLE001  # the source's own, raised again by close
            self._error = error
