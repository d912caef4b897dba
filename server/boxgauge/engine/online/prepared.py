"""Images as a sketch store is to count them."""

from typing import NamedTuple

import numpy as np

from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.online.encoding import Encoder, Names
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.numbered import NumberedCells
from boxgauge.engine.online.ring import Place
from boxgauge.engine.online.store import ALL, kept
from boxgauge.engine.online.waiting import Waiting


class Prepared(NamedTuple):
    """Images as they are to be counted, the cells that there are not yet, and who is left out."""

    waiting: Waiting
    names: Names
    new: dict[Place, int]
    left_out: int


def prepare(
    images: MatchedImages, facts: ImageFacts, cells: NumberedCells, encoder: Encoder
) -> Prepared:
    """Return the images as they are to be counted in cells that were advanced to them.

    Nothing is changed.

    Raises:
        InvalidInputError: A label is no class of the store, or facts are of other images.
        ResourceExhaustedError: There would be too many patterns of outcomes.
    """
    edges = cells.edges
    assert edges is not None  # noqa: S101 - the cells were advanced to these images
    images, facts, buckets, left_out = kept(images, facts, edges)
    places = [
        (name, bucket)
        for bucket, names in zip(buckets, facts.slices, strict=True)
        for name in (ALL, *names)
    ]
    numbers, new = cells.numbers(places)
    times = np.array([1 + len(names) for names in facts.slices], np.int64)
    encoded, coded = encoder.encode(images, facts)
    waiting = Waiting(
        encoded,
        np.repeat(np.arange(len(facts)), times),
        np.array(numbers, np.int64),
    )
    return Prepared(waiting, coded, new, left_out)
