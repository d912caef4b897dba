"""Columnar frames: one side of a batch of images, validated once, then trusted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from boxgauge.frames.boxes import BoxFormat, Float64, to_xywh
from boxgauge.frames.errors import InvalidInputError
from boxgauge.frames.image_ids import ImageId, check_image_ids

Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

_KINDS: dict[type, str] = {
    np.float64: "numbers that float64 holds",
    np.int64: "whole numbers (int64)",
    np.bool_: "true or false (bool)",
}


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """One whole side of each image of a batch; image ``k`` owns the next ``counts[k]`` rows.

    Attributes:
        image_ids: One id an image, distinct within the batch.
        counts: Boxes of each image, int64 [images]; 0 is "no objects", which is a side.
        boxes: Left, top, width, height in pixels, float64 [n, 4].
        labels: Class ids, int64 [n].
    """

    image_ids: tuple[ImageId, ...]
    counts: Int64
    boxes: Float64
    labels: Int64

    def __len__(self) -> int:
        return len(self.image_ids)

    @property
    def offsets(self) -> Int64:
        """First row of each image and, last, the number of rows: int64 [images + 1]."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts)])

    @property
    def image_index(self) -> Int64:
        """Position in the batch of each row's image: int64 [n], ascending."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.counts)

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """The per-box columns, in the order of the constructor."""
        raise NotImplementedError

    def take(self, images: Sequence[int]) -> Self:
        """Return the batch of the images at these positions, in this order."""
        offsets = self.offsets
        rows = (
            np.concatenate([np.arange(offsets[k], offsets[k + 1]) for k in images])
            if len(images)
            else np.zeros(0, np.int64)
        )
        ids = tuple(self.image_ids[k] for k in images)
        counts = self.counts[np.asarray(images, dtype=np.int64)]
        return type(self)(ids, counts, *(column[rows] for column in self.columns))

    def split(self) -> list[Self]:
        """Return one batch an image, each owning copies of its rows."""
        ends = self.offsets.tolist()
        one = type(self)
        return [
            one(
                (image_id,),
                self.counts[k : k + 1].copy(),
                *(column[ends[k] : ends[k + 1]].copy() for column in self.columns),
            )
            for k, image_id in enumerate(self.image_ids)
        ]

    @classmethod
    def concatenate(cls, batches: Sequence[Self]) -> Self:
        """Return the batches as one, in order; at least one batch."""
        if len(batches) == 1:
            return batches[0]
        ids = tuple(image_id for batch in batches for image_id in batch.image_ids)
        counts = np.concatenate([batch.counts for batch in batches])
        columns = zip(*(batch.columns for batch in batches), strict=True)
        return cls(ids, counts, *(np.concatenate(column) for column in columns))


@dataclass(frozen=True, slots=True, eq=False)
class Predictions(Frames):
    """What a detector said about each image.

    Attributes:
        scores: Confidence, float64 [n].
    """

    scores: Float64

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """boxes, labels, scores."""
        return self.boxes, self.labels, self.scores

    @classmethod
    def from_arrays(
        cls,
        image_ids: Sequence[ImageId],
        counts: ArrayLike,
        boxes: ArrayLike,
        labels: ArrayLike,
        scores: ArrayLike,
        *,
        box_format: BoxFormat = BoxFormat.XYWH,
    ) -> Self:
        """Return a batch from arrays in any box format, lengths and dtypes checked.

        Values are not judged here: see `boxgauge.frames.faults`.

        Raises:
            InvalidInputError: A length, shape, dtype or image id is wrong; names the field.
        """
        ids, images, xywh, classes = _shared(image_ids, counts, boxes, labels, box_format)
        confidence = _column("scores", scores, np.float64, len(xywh))
        return cls(ids, images, xywh, classes, confidence)


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruths(Frames):
    """What is really on each image.

    Attributes:
        areas: Area that decides the size range, px², float64 [n]; not always w·h.
        crowd: A region of many objects (COCO's ``iscrowd``), bool [n].
        ignore: Not to be counted either way, bool [n].
        ids: Annotation ids, int64 [n]; only the strict mode reads them.
    """

    areas: Float64
    crowd: Bool
    ignore: Bool
    ids: Int64

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """boxes, labels, areas, crowd, ignore, ids."""
        return self.boxes, self.labels, self.areas, self.crowd, self.ignore, self.ids

    @classmethod
    def from_arrays(
        cls,
        image_ids: Sequence[ImageId],
        counts: ArrayLike,
        boxes: ArrayLike,
        labels: ArrayLike,
        *,
        areas: ArrayLike | None = None,
        crowd: ArrayLike | None = None,
        ignore: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        box_format: BoxFormat = BoxFormat.XYWH,
    ) -> Self:
        """Return a batch from arrays in any box format, lengths and dtypes checked.

        Absent areas are w·h, absent flags are false, absent ids count from 1.

        Raises:
            InvalidInputError: A length, shape, dtype or image id is wrong; names the field.
        """
        shown, images, xywh, classes = _shared(image_ids, counts, boxes, labels, box_format)
        n = len(xywh)
        with np.errstate(over="ignore", invalid="ignore"):  # such sizes are refused as faults
            products = xywh[:, 2] * xywh[:, 3]
        return cls(
            shown,
            images,
            xywh,
            classes,
            products if areas is None else _column("areas", areas, np.float64, n),
            np.zeros(n, bool) if crowd is None else _column("crowd", crowd, np.bool_, n),
            np.zeros(n, bool) if ignore is None else _column("ignore", ignore, np.bool_, n),
            np.arange(1, n + 1) if ids is None else _column("ids", ids, np.int64, n),
        )


def _shared(
    image_ids: Sequence[ImageId],
    counts: ArrayLike,
    boxes: ArrayLike,
    labels: ArrayLike,
    box_format: BoxFormat,
) -> tuple[tuple[ImageId, ...], Int64, Float64, Int64]:
    ids = tuple(check_image_ids(image_ids))
    if len(set(ids)) != len(ids):
        twice = next(each for each, times in Counter(ids).items() if times > 1)
        raise InvalidInputError.at("image_ids", repr(twice), "distinct within a batch")
    images = _column("counts", counts, np.int64, len(ids))
    if (images < 0).any():
        raise InvalidInputError.at("counts", int(images.min()), "at least 0")
    raw = np.asarray(boxes)
    if raw.size == 0:
        raw = np.zeros((0, 4))
    xywh = to_xywh(raw, box_format)
    if int(images.sum()) != len(xywh):
        raise InvalidInputError.at("counts", int(images.sum()), f"{len(xywh)} boxes in all")
    return ids, images, xywh, _column("labels", labels, np.int64, len(xywh))


def _column(name: str, given: ArrayLike, dtype: type, length: int) -> NDArray[Any]:
    array = np.asarray(given)
    if array.size == 0:
        array = array.astype(dtype)
    if array.shape != (length,):
        raise InvalidInputError.at(name, list(array.shape), f"of shape [{length}]")
    if not np.can_cast(array.dtype, dtype, casting="safe"):
        raise InvalidInputError.at(name, array.dtype, _KINDS[dtype])
    with np.errstate(invalid="ignore"):  # of a signalling NaN, which is refused later
        return array.astype(dtype)
