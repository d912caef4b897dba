"""The images with the most errors, a bounded list that merges."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.quality import WorstImage
from boxgauge.frames import ImageId

# So many are shown. More are kept, so that some may be taken away.
SHOWN, KEPT = 12, 48
# Of one entry, beside the bytes of an id that is a string.
_ENTRY_BYTES = 200

# Errors and loss below zero (infinity: there is no loss), whether the id is a string, and the
# id, a string as UTF-8. So the order of entries is that of Python: no function has to be asked.
Entry = tuple[int, float, bool, int | bytes]


@dataclass(frozen=True, slots=True)
class Worst:
    """At most 48 images with errors, worst first: by errors, loss, then in image order.

    Merging is exact in any order. An image that is taken away leaves its place empty: what was
    crowded out before is not known any more. So the 12 that are shown are certain to be the
    right ones until 37 of those that are kept were taken away.
    """

    entries: tuple[Entry, ...] = ()

    def plus(self, other: "Worst") -> "Worst":
        """Return the worst of both."""
        if not self.entries or not other.entries:
            return self if self.entries else other
        return Worst(tuple(sorted(self.entries + other.entries)[:KEPT]))

    def without(self, image_ids: Collection[ImageId]) -> "Worst":
        """Return the others."""
        return Worst(tuple(each for each in self.entries if _id_of(each) not in image_ids))

    def images(self, most: int = SHOWN) -> tuple[WorstImage, ...]:
        """Return the first images, by default as many as are shown."""
        return tuple(
            WorstImage(_id_of(each), -each[0], None if math.isinf(each[1]) else -each[1])
            for each in self.entries[:most]
        )

    @property
    def nbytes(self) -> int:
        """Bytes that the entries take."""
        return sum(entry_bytes(each[3]) for each in self.entries)


def entries_of(
    image_ids: Sequence[ImageId], errors: NDArray[np.int64], losses: NDArray[np.float64]
) -> list[Entry]:
    """Return the entry of each image; a loss that is NaN is none."""
    ids = [(True, each.encode()) if isinstance(each, str) else (False, each) for each in image_ids]
    no_less = np.where(np.isnan(losses), np.inf, -losses).tolist()
    return [(a, b, *c) for a, b, c in zip((-errors).tolist(), no_less, ids, strict=True)]


def worst_of(entries: list[Entry]) -> Worst:
    """Return the worst of some images."""
    return Worst(tuple(sorted(each for each in entries if each[0])[:KEPT]))


def entry_bytes(image_id: ImageId | bytes) -> int:
    """Return the bytes that an image takes at most."""
    if isinstance(image_id, int):
        return _ENTRY_BYTES
    text = image_id.encode() if isinstance(image_id, str) else image_id
    return _ENTRY_BYTES + len(text)


def _id_of(entry: Entry) -> ImageId:
    found = entry[3]
    return found.decode() if isinstance(found, bytes) else found
