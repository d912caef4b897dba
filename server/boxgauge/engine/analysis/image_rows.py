"""Rows kept image by image, so that an image can be taken out and no order matters."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import AlreadyExistsError, ImageId, image_order


class ImageRows:
    """A table whose rows belong to images; read in the order of the image ids.

    Args:
        dtype: Of a row.
    """

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self.dtype = dtype
        self._images: dict[ImageId, bytes] = {}

    def add(
        self, image_ids: Sequence[ImageId], counts: NDArray[np.int64], rows: NDArray[np.void]
    ) -> None:
        """Add images with ``counts`` rows each; all or, with an error, none.

        Raises:
            AlreadyExistsError: An image is there already.
        """
        self._check_new(image_ids)
        content, start = rows.tobytes(), 0
        for image_id, end in zip(
            image_ids, (np.cumsum(counts) * self.dtype.itemsize).tolist(), strict=True
        ):
            self._images[image_id] = content[start:end]
            start = end

    def remove(self, image_id: ImageId) -> None:
        """Take an image out again; one that is not there is no error."""
        self._images.pop(image_id, None)

    def merge(self, other: "ImageRows") -> None:
        """Add the images of another table; all or, with an error, none.

        Raises:
            AlreadyExistsError: An image is in both.
        """
        self._check_new(other._images)
        self._images.update(other._images)

    def rows(self) -> NDArray[np.void]:
        """Return all rows, by image id, then in the order in which they came."""
        ordered = sorted(self._images, key=image_order)
        return np.frombuffer(b"".join(self._images[each] for each in ordered), dtype=self.dtype)

    def _check_new(self, image_ids: "Sequence[ImageId] | dict[ImageId, bytes]") -> None:
        for image_id in image_ids:
            if image_id in self._images:
                raise AlreadyExistsError(
                    f"image {image_id!r} is there already", field="image_id", value=image_id
                )
