"""Long runs of frames, cut into pieces that fit into a message."""

from collections.abc import Iterator
from typing import TypeVar

from boxgauge.frames import Frames

F = TypeVar("F", bound=Frames)

MAX_ROWS = 20_000  # below 2 MB a message, whatever the side


def chunks(frames: F, *, images: int = 64, rows: int = MAX_ROWS) -> Iterator[F]:
    """Yield the frames in order, at most ``images`` images and ``rows`` boxes at a time.

    An image with more boxes than ``rows`` is a chunk of its own.
    """
    counts = frames.counts.tolist()
    start, held = 0, 0
    for k, count in enumerate(counts):
        if k > start and (k - start == images or held + count > rows):
            yield frames.take(range(start, k))
            start, held = k, 0
        held += count
    if start < len(counts):
        yield frames.take(range(start, len(counts)))
