"""Sketch stores of random streams, and all that they say."""

from collections import Counter

import numpy as np
import pytest

from boxgauge.engine import Engine, EvaluationSettings
from boxgauge.engine.online import waiting_list
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import HOUR_US, MINUTE_US, Ring, Window
from boxgauge.engine.sketch import grouped as grouped_module
from boxgauge.engine.sketch import rows as rows_module
from tests.engine.online.streams import Stream
from tests.engine.sides import CLASSES

SETTINGS = EvaluationSettings(max_detections=(1, 4, 10))
LOSSES = ("ciou_loss", "focal_loss", "l1_loss", "bce_loss")
RING = Ring(minutes=10, hours=2, days=1)
WINDOWS = (Window("all"), Window("h", HOUR_US), Window("m", 7 * MINUTE_US), Window("5", images=5))
SLICES = ("", "camera=0", "camera=1", "camera=2", "site=0")


def make_bounds_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make bounds so low that bins of every width occur, and that images wait for little."""
    monkeypatch.setattr(rows_module, "MAX_KEYS", 5)
    monkeypatch.setattr(rows_module, "MAX_ROWS", 300)
    monkeypatch.setattr(grouped_module, "MAX_GROUPED_ROWS", 40)
    monkeypatch.setattr(waiting_list, "_DETECTIONS", 25)
    monkeypatch.setattr(waiting_list, "_STEP", 5)


def make_store(engine: Engine, *streams: Stream, ring: Ring = RING) -> SketchStore:
    store = SketchStore(engine, CLASSES, SETTINGS, ring, LOSSES)
    for images, facts in streams:
        store.add(images, facts)
    return store


def everything(store: SketchStore) -> list[object]:
    """Return all that every window and slice says, so that it can be compared."""
    found: list[object] = [store.slices(), store.dropped_images]
    for window in WINDOWS:
        for name in SLICES:
            rows = store.rows(store.snapshot(window, name))
            found += [
                window.name,
                name,
                rows.span,
                store.tally(window, name).to_bytes(),
                Counter(
                    zip(
                        (rows.rows.ids >> np.uint64(20)).tolist(),
                        [rows.patterns[k] for k in (rows.rows.ids & np.uint64(2**20 - 1)).tolist()],
                        rows.groups.tolist(),
                        rows.rows.counts.tolist(),
                        strict=True,
                    )
                ),
                rows.positives_by_group.tolist(),
                rows.images_by_group.tolist(),
                [
                    (each.name, each.count, each.mean, each.counts.tolist(), each.not_finite)
                    for each in rows.losses
                ],
                rows.worst,
                rows.sources,
                rows.delay,
            ]
    return found


def in_window(stream: Stream, store: SketchStore, window: Window, name: str) -> list[int]:
    """Return the images that belong to a window and slice, found one by one."""
    _, facts = stream
    span = store.span(window, name)
    return [
        k
        for k, time in enumerate(facts.times_us.tolist())
        if span.from_us <= time < span.until_us and (name == "" or name in facts.slices[k])
    ]


def stored(store: SketchStore, before: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """Return all parts of a store, of which some may have been stored before."""
    parts = dict(before or {})
    for key, part in store.changed().packed().items():
        if part is None:
            parts.pop(key, None)
        else:
            parts[key] = part
    return parts
