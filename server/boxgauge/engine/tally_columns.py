"""What a tally keeps, by columns that grow at their end and never change where they were read."""

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.class_places import class_places
from boxgauge.engine.matches import SUMS, Matches, rows_of
from boxgauge.engine.settings import EvaluationSettings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")
Unsigned = NDArray[np.unsignedinteger[Any]]

# A full column grows by one part in this many, so that little of it lies idle.
_GROWTH = 8


@dataclass(frozen=True, slots=True, eq=False)
class TallyColumns:
    """Images one after the other: their detections, ground truths and sums.

    Attributes:
        scores: Confidence of each detection, float64.
        codes: Its pattern of outcomes, by place in the tally's list: uint16, or uint32.
        labels: Its place among the classes; this and the next ones in as few bytes as do.
        ranks: Its place by score in its image and class.
        truth_labels: Class of each ground truth.
        truth_counted: Area ranges in which it has to be found, one bit each.
        counts: Detections of each image, uint32.
        truth_counts: Ground truths of each image, uint32.
        sums: As in `ImageSums`, int64 [images, 6].
    """

    scores: NDArray[np.float64]
    codes: Unsigned
    labels: Unsigned
    ranks: Unsigned
    truth_labels: Unsigned
    truth_counted: Unsigned
    counts: Unsigned
    truth_counts: Unsigned
    sums: NDArray[np.int64]

    @classmethod
    def empty(cls, classes: int, settings: EvaluationSettings) -> "TallyColumns":
        """Return no images, in the types that these settings ask for."""
        label = np.min_scalar_type(classes - 1)
        return cls(
            scores=np.empty(0, np.float64),
            codes=np.empty(0, np.uint16),
            labels=np.empty(0, label),
            ranks=np.empty(0, np.min_scalar_type(settings.max_detections[-1] - 1)),
            truth_labels=np.empty(0, label),
            truth_counted=np.empty(0, np.min_scalar_type(2 ** len(settings.areas) - 1)),
            counts=np.empty(0, np.uint32),
            truth_counts=np.empty(0, np.uint32),
            sums=np.empty((0, SUMS), np.int64),
        )

    @classmethod
    def of(
        cls, matches: Matches, class_ids: NDArray[np.int64], settings: EvaluationSettings
    ) -> "TallyColumns":
        """Return the columns of matched images; codes are rows of the matches' patterns.

        Raises:
            InvalidInputError: A label is none of the ascending ids of classes.
        """
        like = cls.empty(len(class_ids), settings)
        matches = matches.evaluated(settings.max_detections[-1])
        labels = class_places(class_ids, matches.labels)
        truth_labels = class_places(class_ids, matches.truth_labels)
        return cls(
            matches.scores,
            matches.codes.astype(np.uint32),
            labels.astype(like.labels.dtype),
            matches.ranks.astype(like.ranks.dtype),
            truth_labels.astype(like.labels.dtype),
            matches.truth_counted.astype(like.truth_counted.dtype),
            matches.counts.astype(np.uint32),
            matches.truth_counts.astype(np.uint32),
            matches.sums.rows(),
        )

    def take(self, images: NDArray[np.int64]) -> "TallyColumns":
        """Return the images at these positions, in this order."""
        if np.array_equal(images, np.arange(len(self.counts))):
            return self
        rows = rows_of(self.counts.astype(np.int64), images)
        truths = rows_of(self.truth_counts.astype(np.int64), images)
        return TallyColumns(
            self.scores[rows],
            self.codes[rows],
            self.labels[rows],
            self.ranks[rows],
            self.truth_labels[truths],
            self.truth_counted[truths],
            self.counts[images],
            self.truth_counts[images],
            self.sums[images],
        )

    def same_as(self, other: "TallyColumns") -> bool:
        """Say whether all columns hold the same values, scores to the bit."""
        return self.scores.tobytes() == other.scores.tobytes() and all(
            np.array_equal(getattr(self, each.name), getattr(other, each.name))
            for each in fields(self)[1:]
        )

    def total_sums(self) -> tuple[int, ...]:
        """Return the sums over all images, in halves since 64 bits may not hold them."""
        high, low = (self.sums >> 32).sum(0), (self.sums & 0xFFFFFFFF).sum(0)
        return tuple((h << 32) + each for h, each in zip(high.tolist(), low.tolist(), strict=True))


class GrowingColumns(Generic[C]):
    """Columns, arrays in the fields of a dataclass, to which rows are added at the end."""

    def __init__(self, first: C) -> None:
        self._type = type(first)
        self._arrays = {each.name: getattr(first, each.name) for each in fields(first)}
        self._lengths = {name: len(array) for name, array in self._arrays.items()}
        self._nbytes: int = sum(each.nbytes for each in self._arrays.values())

    @property
    def values(self) -> C:
        """The columns as they are; what is added later leaves them alone."""
        lengths = self._lengths
        return self._type(**{name: each[: lengths[name]] for name, each in self._arrays.items()})

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take, with what lies idle."""
        return self._nbytes

    def nbytes_with(self, more: C) -> int:
        """Return the bytes that the columns would take with these rows."""
        return sum(
            length * math.prod(array.shape[1:]) * dtype.itemsize
            for array, length, dtype in (
                (array, *self._grown(array, self._lengths[name], getattr(more, name)))
                for name, array in self._arrays.items()
            )
        )

    def append(self, more: C) -> None:
        """Add rows; a column becomes as wide as what is added."""
        for name, array in self._arrays.items():
            values, start = getattr(more, name), self._lengths[name]
            end = start + len(values)
            length, dtype = self._grown(array, start, values)
            if length != len(array) or dtype != array.dtype:
                grown = np.empty((length, *values.shape[1:]), dtype)
                grown[:start] = array[:start]
                self._nbytes += grown.nbytes - array.nbytes
                self._arrays[name] = grown
            self._arrays[name][start:end] = values
            self._lengths[name] = end

    @staticmethod
    def _grown(
        array: NDArray[Any], start: int, values: NDArray[Any]
    ) -> "tuple[int, np.dtype[Any]]":
        """Return the length and type of a column that has room for values from a place on."""
        end = start + len(values)
        wider = values.dtype.itemsize > array.dtype.itemsize
        if end > len(array) or wider:
            return end + end // _GROWTH, values.dtype if wider else array.dtype
        return len(array), array.dtype
