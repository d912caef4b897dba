"""What a store has of a window and slice at one moment, to be worked on in a thread."""

from collections.abc import Callable
from dataclasses import dataclass

from boxgauge.engine.online.exact_store import ExactStore
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.window_rows import WindowColumns, WindowRows
from boxgauge.engine.online.windows import Span, Window

AnyStore = ExactStore | SketchStore


@dataclass(frozen=True, slots=True)
class Content:
    """One window and slice at one moment; both calls are safe in another thread.

    Attributes:
        span: Event times of the images.
        rows: Returns what a report follows from.
        tally: Returns the bytes of a tally of the same images.
    """

    span: Span
    rows: Callable[[], WindowRows | WindowColumns]
    tally: Callable[[], bytes]


def content_of(store: AnyStore, window: Window, name: str) -> Content:
    """Return what a store has now; takes microseconds."""
    if isinstance(store, ExactStore):
        exact = store.snapshot(window, name)
        return Content(
            exact.span,
            lambda: store.rows(exact),
            lambda: store.tally_of(exact).to_bytes(),
        )
    sketch = store.snapshot(window, name)
    return Content(
        sketch.span, lambda: store.rows(sketch), lambda: store.tally_of(sketch).to_bytes()
    )
