"""A feed for plain loops and threads."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from boxgauge.client.feed.parts import log_left
from boxgauge.client.feed.recording import Recording
from boxgauge.frames import FailedPreconditionError, UnavailableError


class Feed(Recording[None]):
    """`AsyncFeed` for code without asyncio; the arguments and methods mean the same.

    A thread of its own sends, and calls ``on_refused``. Frames may be recorded in several
    threads at once; each thread's frames stay in order.
    """

    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        try:
            self._begin()
        except BaseException:
            self._loop.close()
            raise
        self._stop = asyncio.Event()
        # A daemon, so that a feed that is not closed does not keep the process from its end.
        self._thread = threading.Thread(target=self._run, name="boxgauge-feed", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def flush(self, timeout_s: float = 60.0) -> None:
        """Return when everything recorded until now is acknowledged or refused.

        Raises:
            UnavailableError: Time is up; what is left stays in the spool and is still sent.
        """
        sender = self._open_sender()
        if self._loop is None or self._loop.is_closed():
            raise FailedPreconditionError("the feed is closed: make a new one")
        done: Future[None] = asyncio.run_coroutine_threadsafe(sender.flush(timeout_s), self._loop)
        done.result()

    def close(self) -> None:
        """Wait a little for what is not acknowledged, and stop; the rest stays in the spool."""
        if self._thread is None or self._loop is None:
            return
        thread, self._thread = self._thread, None
        try:
            self.flush(self._options.close_timeout_s)
        except UnavailableError as error:
            log_left(error)
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join()
            self._open_spool().close()

    def _run(self) -> None:
        loop = self._loop
        assert loop is not None  # noqa: S101  # made before the thread
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._send())

    async def _send(self) -> None:
        sending = asyncio.create_task(self._open_sender().run())
        await self._stop.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    def _record(self, frame: Callable[[], bytes]) -> None:
        if self._append(frame()) and self._loop is not None:
            self._loop.call_soon_threadsafe(self._open_sender().outbox.notice)
