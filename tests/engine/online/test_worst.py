"""The worst images, against sorting all of them."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.engine.online.quality import WorstImage
from boxgauge.engine.online.worst import KEPT, SHOWN, Worst, entries_of, worst_of
from boxgauge.frames import ImageId, image_order

IDS = st.one_of(st.integers(-5, 200), st.text("aé€😀", min_size=1, max_size=3))
LOSSES = st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.25, -1.0]))
IMAGES = st.dictionaries(IDS, st.tuples(st.integers(0, 3), LOSSES), max_size=120)


def worst(images: dict[ImageId, tuple[int, float | None]]) -> Worst:
    errors = np.array([each[0] for each in images.values()], np.int64)
    losses = np.array([np.nan if e[1] is None else e[1] for e in images.values()], np.float64)
    return worst_of(entries_of([*images], errors, losses))


def sorted_all(images: dict[ImageId, tuple[int, float | None]]) -> list[WorstImage]:
    listed = [WorstImage(key, *each) for key, each in images.items() if each[0]]
    return sorted(
        listed,
        key=lambda e: (-e.errors, e.loss is None, -(e.loss or 0.0), image_order(e.image_id)),
    )


@given(images=IMAGES, cuts=st.lists(st.integers(0, 120), max_size=4))
def test_merging_in_any_order_keeps_the_worst(
    images: dict[ImageId, tuple[int, float | None]], cuts: list[int]
) -> None:
    items = [*images.items()]
    bounds = [0, *sorted(cuts), len(items)]
    merged = Worst()
    for start, end in pairwise(bounds):
        merged = worst(dict(items[start:end])).plus(merged)
    wanted = sorted_all(images)
    assert list(merged.images(KEPT)) == wanted[:KEPT]
    assert list(merged.images()) == wanted[:SHOWN]


@given(images=IMAGES, taken=st.sets(st.integers(-5, 200), max_size=KEPT - SHOWN))
def test_as_long_as_few_are_taken_away_the_shown_ones_are_right(
    images: dict[ImageId, tuple[int, float | None]], taken: set[int]
) -> None:
    left = {key: each for key, each in images.items() if key not in taken}
    assert list(worst(images).without(taken).images()) == sorted_all(left)[:SHOWN]
