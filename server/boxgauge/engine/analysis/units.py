"""What is resampled as one: images, or clusters of images that are not independent."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import ImageId, InvalidInputError, image_order

# A cluster's key is what an image's id may be: an integer or a string.
Clusters = Mapping[ImageId, ImageId]

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Which images go together.

    Attributes:
        keys: Of each unit, in the order of ids; the image's own id where there are no clusters.
        of_image: Position of each image's unit, int64 [images].
    """

    keys: tuple[ImageId, ...]
    of_image: Int64

    def __len__(self) -> int:
        return len(self.keys)

    def drawn(self, random: np.random.Generator) -> Int64:
        """Return how often each image occurs if as many units are drawn with replacement."""
        chosen = random.integers(len(self), size=len(self))
        return np.bincount(chosen, minlength=len(self))[self.of_image]

    def coins(self, random: np.random.Generator) -> Int64:
        """Return 0 or 1 for each image, the same within a unit, with even chances."""
        return random.integers(2, size=len(self))[self.of_image]

    def groups(self, groups: int) -> Int64:
        """Return the group of each image, from 0: a hash of the unit's key, the same anywhere."""
        of_unit = np.array([group_of(key, groups) for key in self.keys], dtype=np.int64)
        return of_unit[self.of_image]


def make_units(image_ids: tuple[ImageId, ...], clusters: Clusters | None) -> Units:
    """Return the units of images.

    Raises:
        InvalidInputError: There are clusters, and an image is in none.
    """
    own: tuple[ImageId, ...] = image_ids
    if clusters is not None:
        missing = next((each for each in image_ids if each not in clusters), None)
        if missing is not None:
            raise InvalidInputError.at(f"clusters[{missing!r}]", "nothing", "a cluster's key")
        own = tuple(clusters[each] for each in image_ids)
    keys = tuple(sorted(set(own), key=image_order))
    places = {key: k for k, key in enumerate(keys)}
    return Units(keys, np.array([places[key] for key in own], dtype=np.int64))


# An image's group is asked for by several stores, and a camera's by each of its images.
@lru_cache(maxsize=4096)
def group_of(key: ImageId, groups: int) -> int:
    """Return the group of a unit: a hash of its key, the same anywhere."""
    # Python's own hash of a string differs from run to run.
    content = b"s" + key.encode() if isinstance(key, str) else b"i%d" % key
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little") % groups
