"""What is known of each image beside its boxes: when, where, and how its label came."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import ImageId


@dataclass(frozen=True, slots=True, eq=False)
class ImageFacts:
    """Facts of a batch of images, one entry an image.

    Attributes:
        times_us: Event time of the prediction, microseconds since 1970, int64 [images].
        slices: Slices that the image belongs to beside that of all, ``key=value`` each, distinct.
        clusters: Images of one key are not independent; the image's own id where none was given.
        sources: How the label was chosen or made; empty where not stated or not labelled.
        delays_us: From the event time to the label's arrival, at least 0, int64 [images].
    """

    times_us: NDArray[np.int64]
    slices: tuple[tuple[str, ...], ...]
    clusters: tuple[ImageId, ...]
    sources: tuple[str, ...]
    delays_us: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.slices)

    def select(self, images: Sequence[int]) -> "ImageFacts":
        """Return the facts of the images at these positions, in this order."""
        rows = np.asarray(images, dtype=np.int64)
        return ImageFacts(
            self.times_us[rows],
            tuple(self.slices[k] for k in images),
            tuple(self.clusters[k] for k in images),
            tuple(self.sources[k] for k in images),
            self.delays_us[rows],
        )
