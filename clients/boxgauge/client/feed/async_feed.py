"""A feed for asyncio."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from numpy.typing import ArrayLike

from boxgauge.client.feed.frames_in import NO_TAGS, ground_truth_of, predictions_of
from boxgauge.client.feed.recording import Recording, log_left
from boxgauge.client.image_columns import Moment
from boxgauge.frames import BoxFormat, ImageId, UnavailableError


class AsyncFeed(Recording):
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

    async def predictions(
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
        """Record what the detector found in an image; nothing is a finding too.

        Args:
            image_id: Which image.
            boxes: Rows of 4 numbers in ``box_format``, pixels, [n, 4].
            labels: Class ids, integers, [n].
            scores: Confidence in [0, 1], [n].
            time: When the image was taken: a datetime with a time zone, or seconds since 1970;
                None: now.
            tags: Values by key, for example ``{"camera": "north"}``.
            cluster: Images of one cluster are not independent, for example those of a video.
            revision: A higher one replaces.
            box_format: Meaning of the four numbers.

        Raises:
            InvalidInputError: Lengths, shapes or types do not fit; nothing was recorded.
            ResourceExhaustedError: The spool is full; nothing was recorded.
        """
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

    async def ground_truth(
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
        """Record what is in an image; nothing is a label too.

        Args:
            image_id: Which image.
            boxes: Rows of 4 numbers in ``box_format``, pixels, [n, 4].
            labels: Class ids, integers, [n].
            areas: px² that decide the size range, [n]; None: w·h.
            crowd: Regions of many objects, booleans, [n]; None: none.
            ignore: Counted neither way, booleans, [n]; None: none.
            ids: Annotation ids, integers, [n]; None: numbered.
            source: How the image was chosen or who labelled it, for example ``random``.
            revision: A higher one replaces.
            box_format: Meaning of the four numbers.

        Raises:
            InvalidInputError: Lengths, shapes or types do not fit; nothing was recorded.
            ResourceExhaustedError: The spool is full; nothing was recorded.
        """
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

    async def retract_predictions(self, image_id: ImageId, *, revision: int) -> None:
        """Record that an image's predictions are to be taken out again."""
        self._check_model()
        self._record(predictions_of(image_id, revision=revision, retracted=True))

    async def retract_ground_truth(self, image_id: ImageId, *, revision: int) -> None:
        """Record that an image's ground truth is to be taken out again."""
        self._record(ground_truth_of(image_id, revision=revision, retracted=True))

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

    def _record(self, payload: bytes) -> None:
        number = self._open_spool().append(payload)
        outbox = self._open_sender().outbox
        if outbox.wants_notice(number):
            outbox.notice()
