"""What a store has of a window and slice at one moment, for another thread or process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from boxgauge.engine.online.exact_store import ExactStore
from boxgauge.engine.online.exact_windows import ExactSnapshot, exact_tally, window_columns
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.sketch_windows import sketch_tally
from boxgauge.engine.online.window_rows import WindowColumns, WindowRows
from boxgauge.engine.online.windows import Span, Window
from boxgauge.engine.settings import EvaluationSettings, ObjectClass

AnyStore = ExactStore | SketchStore


@dataclass(frozen=True, slots=True)
class Content:
    """One window and slice at one moment; later changes of the store leave it alone.

    Attributes:
        classes: The store's.
        settings: The store's.
        span: Event times of the images.
        rows: Returns what a report follows from; safe in another thread, or process.
    """

    classes: tuple[ObjectClass, ...]
    settings: EvaluationSettings
    span: Span
    rows: Callable[[], WindowRows | WindowColumns]

    def tally(self) -> bytes:
        """Return the bytes of a tally of the same images; likewise."""
        found = self.rows()
        if isinstance(found, WindowRows):
            return sketch_tally(self.classes, self.settings, found).to_bytes()
        return exact_tally(self.classes, self.settings, found).to_bytes()


@dataclass(frozen=True, slots=True)
class _Columns:
    """What an exact store's snapshot has of its window and slice."""

    snapshot: ExactSnapshot
    losses: tuple[str, ...]

    def __call__(self) -> WindowColumns:
        return window_columns(self.snapshot, self.losses)

    def __reduce__(self) -> tuple[Any, ...]:
        # A snapshot has all images of the store: another process gets those of the window.
        return partial, (_given, self())


def content_of(store: AnyStore, window: Window, name: str) -> Content:
    """Return what a store has now; takes microseconds."""
    if isinstance(store, ExactStore):
        exact = store.snapshot(window, name)
        rows = _Columns(exact, store.losses)
        return Content(store.classes, store.settings, exact.span, rows)
    sketch = store.snapshot(window, name)
    return Content(store.classes, store.settings, sketch.span, store.rows_of(sketch))


def _given(found: WindowColumns) -> WindowColumns:
    return found
