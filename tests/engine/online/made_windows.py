"""Windows as stores hold them, made from matched images and the group of each."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import ExactTally, Matches, SketchTally
from boxgauge.engine.online.window_rows import GROUPS, WindowColumns, WindowRows
from boxgauge.engine.online.windows import Span
from boxgauge.engine.sketch.rows import SketchRows
from tests.engine.sketch.scores import CLASSES, DISTRIBUTIONS, SETTINGS, draw_matches

SPAN = Span(0, 1)
Groups = NDArray[np.int64]


def draw_groups(seed: int, images: int, groups: int = GROUPS) -> Groups:
    return np.random.default_rng(seed).integers(0, groups, images)


def draw_possible(seed: int, images: int, name: str) -> Matches:
    """Return images in which no more is found than there is, as matching has it."""
    matches = draw_matches(seed, images, DISTRIBUTIONS[name])
    return replace(
        matches,
        truth_counts=matches.counts,
        truth_labels=matches.labels,
        truth_counted=np.full(len(matches.labels), 2 ** len(SETTINGS.areas) - 1, np.uint32),
    )


def exact_window(matches: Matches, groups: Groups) -> WindowColumns:
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(matches)
    now = tally.snapshot()
    image_ids, columns = now.ordered()
    of_image = dict(zip(matches.image_ids, groups.tolist(), strict=True))
    in_order = np.array([of_image[each] for each in image_ids], np.uint8)
    return WindowColumns(SPAN, image_ids, columns, now.patterns, in_order, (), (), (), None)


def sketch_window(parts: Sequence[tuple[Matches, Groups]]) -> WindowRows:
    """Return the window of images that came in several parts."""
    sketches = [SketchTally(CLASSES, SETTINGS) for _ in range(GROUPS)]
    for matches, groups in parts:
        for g in np.unique(groups).tolist():
            sketches[g].add(matches.select(np.flatnonzero(groups == g)))
    whole = SketchTally(CLASSES, SETTINGS)
    for each in sketches:
        whole.merge(each)
    now = whole.snapshot()
    patterns = sorted(now.patterns)
    codes = {pattern: k for k, pattern in enumerate(patterns)}
    found = [each.snapshot() for each in sketches]
    rows = [
        each.rows.at(now.rows.levels).renamed(np.array([codes[p] for p in each.patterns], np.int64))
        for each in found
    ]
    ids, counts = (np.concatenate([getattr(r, name) for r in rows]) for name in ("ids", "counts"))
    group = np.repeat(np.arange(GROUPS, dtype=np.uint8), [len(r.ids) for r in rows])
    order = np.lexsort([group, ids])
    return WindowRows(
        SPAN,
        SketchRows(ids[order], counts[order], now.rows.levels),
        group[order],
        tuple(patterns),
        now.totals,
        np.stack([each.totals.positives for each in found]),
        np.array([each.totals.images for each in found]),
        (),
        (),
        (),
        None,
    )
