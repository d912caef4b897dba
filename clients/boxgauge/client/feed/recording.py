"""What may be recorded with a feed: both sides of an image, the same for both kinds of feed."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from numpy.typing import ArrayLike

from boxgauge.client.feed.frames_in import NO_TAGS, ground_truth_of, predictions_of
from boxgauge.client.feed.parts import FeedParts
from boxgauge.client.image_columns import Moment
from boxgauge.frames import BoxFormat, ImageId, InvalidInputError

Done = TypeVar("Done")


class Recording(FeedParts, ABC, Generic[Done]):
    """A feed that takes frames; what it returns for one is the kind's: nothing, or a coroutine."""

    @abstractmethod
    def _record(self, frame: Callable[[], bytes]) -> Done:
        """Make a frame, put it into the spool, and wake what sends."""

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
    ) -> Done:
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

        def frame() -> bytes:
            self._check_model()
            return predictions_of(
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

        return self._record(frame)

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
    ) -> Done:
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

        def frame() -> bytes:
            return ground_truth_of(
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

        return self._record(frame)

    def retract_predictions(self, image_id: ImageId, *, revision: int) -> Done:
        """Record that an image's predictions are to be taken out again."""

        def frame() -> bytes:
            self._check_model()
            return predictions_of(image_id, revision=revision, retracted=True)

        return self._record(frame)

    def retract_ground_truth(self, image_id: ImageId, *, revision: int) -> Done:
        """Record that an image's ground truth is to be taken out again."""
        return self._record(lambda: ground_truth_of(image_id, revision=revision, retracted=True))

    def _check_model(self) -> None:
        if not self._names.model:
            raise InvalidInputError.at("model", "''", "named, for predictions are a model's")
