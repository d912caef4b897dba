"""A feed for plain loops and threads."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from numpy.typing import ArrayLike

from boxgauge.client.feed.frames_in import NO_TAGS, ground_truth_of, predictions_of
from boxgauge.client.feed.recording import Recording, log_left
from boxgauge.client.image_columns import Moment
from boxgauge.frames import BoxFormat, FailedPreconditionError, ImageId, UnavailableError


class Feed(Recording):
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

    def predictions(
        self,
        image_id: ImageId,
        boxes: ArrayLike,
        labels: ArrayLike,
        scores: ArrayLike,
        *,
        time: Moment | None = None,
        tags: Mapping[str, str] = NO_TAGS,
        cluster: str = "",
        revision: int = 0,
        box_format: BoxFormat | str = BoxFormat.XYWH,
    ) -> None:
        """Record what the detector found in an image; see `AsyncFeed.predictions`."""
        self._check_model()
        self._record(
            predictions_of(
                image_id,
                boxes,
                labels,
                scores,
                taken_at=time,
                tags=tags,
                cluster=cluster,
                revision=revision,
                box_format=box_format,
            )
        )

    def ground_truth(
        self,
        image_id: ImageId,
        boxes: ArrayLike,
        labels: ArrayLike,
        *,
        areas: ArrayLike | None = None,
        crowd: ArrayLike | None = None,
        ignore: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        source: str = "",
        revision: int = 0,
        box_format: BoxFormat | str = BoxFormat.XYWH,
    ) -> None:
        """Record what is in an image; see `AsyncFeed.ground_truth`."""
        self._record(
            ground_truth_of(
                image_id,
                boxes,
                labels,
                areas=areas,
                crowd=crowd,
                ignore=ignore,
                ids=ids,
                source=source,
                revision=revision,
                box_format=box_format,
            )
        )

    def retract_predictions(self, image_id: ImageId, *, revision: int) -> None:
        """Record that an image's predictions are to be taken out again."""
        self._check_model()
        self._record(predictions_of(image_id, revision=revision, retracted=True))

    def retract_ground_truth(self, image_id: ImageId, *, revision: int) -> None:
        """Record that an image's ground truth is to be taken out again."""
        self._record(ground_truth_of(image_id, revision=revision, retracted=True))

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

    def _record(self, payload: bytes) -> None:
        number = self._open_spool().append(payload)
        outbox = self._open_sender().outbox
        if outbox.wants_notice(number) and self._loop is not None:
            self._loop.call_soon_threadsafe(outbox.notice)
