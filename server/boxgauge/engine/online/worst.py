"""The images with the most errors, a bounded list that merges."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.quality import WorstImage
from boxgauge.frames import ImageId, image_order

# So many are shown. More are kept, so that some may be taken away.
SHOWN, KEPT = 12, 48
# Of one entry in memory, and of an id that is a string beside its characters.
_ENTRY_BYTES, _TEXT_BYTES = 120, 56

_Entry = tuple[int, float, ImageId]


@dataclass(frozen=True, slots=True)
class Worst:
    """At most 48 images with errors, worst first: by errors, loss, then in image order.

    Merging is exact in any order. An image that is taken away leaves its place empty: what was
    crowded out before is not known any more. So the 12 that are shown are the right ones as
    long as no more than 36 of those that are kept were taken away; see ``entries``.

    Attributes:
        entries: Errors, mean of the first loss (NaN without one) and id of each image.
    """

    entries: tuple[_Entry, ...] = ()

    @classmethod
    def of(
        cls, image_ids: Sequence[ImageId], errors: NDArray[np.int64], losses: NDArray[np.float64]
    ) -> "Worst":
        """Return the worst of some images."""
        places = np.flatnonzero(errors)
        if len(places) > KEPT:
            # All that have as many errors as the last one that finds room.
            least = np.partition(errors[places], -KEPT)[-KEPT]
            places = places[errors[places] >= least]
        chosen = places.tolist()
        ids = [image_ids[k] for k in chosen]
        entries = zip(errors[chosen].tolist(), losses[chosen].tolist(), ids, strict=True)
        return cls(tuple(sorted(entries, key=_worst_first)[:KEPT]))

    @classmethod
    def joined(cls, parts: "Sequence[Worst]") -> "Worst":
        """Return the worst of all parts."""
        entries = [entry for each in parts for entry in each.entries]
        return cls(tuple(sorted(entries, key=_worst_first)[:KEPT]))

    def without(self, image_ids: Collection[ImageId]) -> "Worst":
        """Return the others."""
        return Worst(tuple(each for each in self.entries if each[2] not in image_ids))

    def shown(self) -> tuple[WorstImage, ...]:
        """Return the first 12."""
        return tuple(
            WorstImage(image_id, errors, None if np.isnan(loss) else loss)
            for errors, loss, image_id in self.entries[:SHOWN]
        )

    @property
    def nbytes(self) -> int:
        """Bytes that the entries take."""
        return sum(entry_bytes(image_id) for _, _, image_id in self.entries)


def entry_bytes(image_id: ImageId) -> int:
    """Return the bytes that an image takes at most."""
    return _ENTRY_BYTES + (_TEXT_BYTES + len(image_id) if isinstance(image_id, str) else 0)


def _worst_first(entry: _Entry) -> tuple[int, float, tuple[int, int, bytes]]:
    errors, loss, image_id = entry
    return -errors, np.inf if np.isnan(loss) else -loss, image_order(image_id)
