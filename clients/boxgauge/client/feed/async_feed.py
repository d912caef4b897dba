"""A feed for asyncio."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from boxgauge.client.feed.parts import log_left
from boxgauge.client.feed.recording import Recording
from boxgauge.frames import UnavailableError


class AsyncFeed(Recording[Coroutine[Any, Any, None]]):
    """Sends a detector's frames in the background; nothing recorded is lost or counted twice.

    A call returns once its frame is in a file. Frames go out in batches, in order, and leave
    the disk when the service has answered for them: through outages, and through the end of
    this process, after which the next feed of the same spool goes on.

    Args:
        target: HOST:PORT.
        monitor: Whose frames they are.
        model: Who predicted; may be left out where only ground truth is sent.
        spool: Folder for frames that are not acknowledged; one feed at a time.
        classes: Create the monitor with these classes whenever it is missing; None: never.
        settings: Of the monitor so created.
        options: Batches, waits and bounds.
        on_refused: Told of each frame that the service refuses; such a frame is not sent again.
            None: they are logged.
        access: TLS, certificates and tokens: see `AccessOptions`; files are read again for each
            connection.

    Raises:
        InvalidInputError: An argument is bad, or the folder cannot be written.
        FailedPreconditionError: Another feed uses the folder.
    """

    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._begin()
        self._task = asyncio.create_task(self._open_sender().run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def flush(self, timeout_s: float = 60.0) -> None:
        """Return when everything recorded until now is acknowledged or refused.

        Raises:
            UnavailableError: Time is up; what is left stays in the spool and is still sent.
        """
        await self._open_sender().flush(timeout_s)

    async def close(self) -> None:
        """Wait a little for what is not acknowledged, and stop; the rest stays in the spool."""
        if self._task is None:
            return
        task, self._task = self._task, None
        try:
            await self._open_sender().flush(self._options.close_timeout_s)
        except UnavailableError as error:
            log_left(error)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self._open_spool().close()

    async def _record(self, frame: Callable[[], bytes]) -> None:
        if self._append(frame()):
            self._open_sender().outbox.notice()
