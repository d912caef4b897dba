"""A tally at one moment, which another thread may read while the tally goes on."""

from dataclasses import dataclass, replace

import numpy as np

from boxgauge.engine.tally_columns import TallyColumns
from boxgauge.frames import ImageId, in_image_order


@dataclass(frozen=True, slots=True, eq=False)
class TallySnapshot:
    """A tally at one moment; later changes leave it alone.

    Attributes:
        places: Where each image stands in the columns.
        columns: Of these images, and of some that were removed.
        patterns: Packed outcomes; a detection's code is its place here.
    """

    places: dict[ImageId, int]
    columns: TallyColumns
    patterns: tuple[bytes, ...]

    def ordered(self) -> tuple[tuple[ImageId, ...], TallyColumns]:
        """Return the images in report order, and their columns alone."""
        image_ids = tuple(in_image_order(self.places))
        return image_ids, self._columns_of(image_ids)

    def first_unlike(self, other: "TallySnapshot") -> ImageId | None:
        """Return the first image of the other, whose images are all here, that differs here."""
        codes = {pattern: code for code, pattern in enumerate(self.patterns)}
        image_ids, theirs = other.ordered()
        # A spare code, since a tally without patterns has no codes to rename either.
        renamed = np.array([codes.get(each, len(codes)) for each in (*other.patterns, b"")])
        theirs = replace(theirs, codes=renamed[theirs.codes])
        ours = self._columns_of(image_ids)
        if ours.same_as(theirs):
            return None
        return next(
            image_id
            for k, image_id in enumerate(image_ids)
            if not ours.take(np.array([k])).same_as(theirs.take(np.array([k])))
        )

    def _columns_of(self, image_ids: tuple[ImageId, ...]) -> TallyColumns:
        return self.columns.take(np.array([self.places[each] for each in image_ids], np.int64))
