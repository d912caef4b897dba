"""What a sender said of the frames of a batch beside their boxes, one entry a frame."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

from boxgauge.frames import GroundTruths, InvalidInputError, Predictions
from boxgauge.server.monitor.sides import SideBatch
from boxgauge.server.monitor.slicing import check_tags, check_text

T = TypeVar("T")

# Of one side of an image, a thousand times what detectors report: one image must not take the
# time, or the memory, of all others.
MAX_BOXES = 100_000


class Told:
    """The columns of a batch, with the default in the place of a column that was not sent.

    Frames of a batch mostly say the same: each distinct text is checked and spelt once.

    Attributes:
        boxes: How many the frame has.
        revisions: At least 0.
        retracted: The side is taken out again.
        times_us: Event time; None where it is not given.
        clusters: Empty where not given.
        sources: Empty where not stated.
    """

    def __init__(self, batch: SideBatch[Predictions] | SideBatch[GroundTruths]) -> None:
        n = len(batch.frames)
        self.boxes: list[int] = batch.frames.counts.tolist()
        self.revisions = batch.revisions
        self.retracted = _column(batch.retracted, False, n)
        self.times_us = _column(batch.times_us, None, n)
        self.clusters = _column(batch.clusters, "", n)
        self.sources = _column(batch.sources, "", n)
        self._keys = tuple(key for key, _ in batch.tags)
        self._values: Sequence[tuple[str, ...]] = (
            list(zip(*(values for _, values in batch.tags), strict=True))
            if batch.tags
            else [()] * n
        )
        self._tags: dict[tuple[str, ...], dict[str, str]] = {}
        self._sane: set[tuple[tuple[str, ...], str, str]] = set()
        self._spelt: dict[tuple[tuple[str, ...], str, str], str] = {}

    def check(self, k: int) -> None:
        """Check what is said of a frame.

        Raises:
            InvalidInputError: Names the first field that cannot be.
        """
        if self.boxes[k] > MAX_BOXES:
            found = f"{self.boxes[k]} boxes"
            raise InvalidInputError.at("boxes", found, f"at most {MAX_BOXES} an image")
        if self.retracted[k] and self.boxes[k]:
            found = f"{self.boxes[k]} boxes"
            raise InvalidInputError.at("retracted", found, "of an image without boxes")
        said = self._values[k], self.clusters[k], self.sources[k]
        if said not in self._sane:
            check_tags(self.tags(k))
            check_text("clusters", said[1])
            check_text("sources", said[2])
            self._sane.add(said)

    def tags(self, k: int) -> dict[str, str]:
        """Return a frame's tags; an empty value is no tag. Not to be changed."""
        values = self._values[k]
        tags = self._tags.get(values)
        if tags is None:
            tags = {key: value for key, value in zip(self._keys, values, strict=True) if value}
            self._tags[values] = tags
        return tags

    def digest(self, k: int, rows: bytes, tags: Mapping[str, str]) -> bytes:
        """Return a digest of all that was said of a frame, so that the same again is known.

        Args:
            k: Which one.
            rows: Its boxes.
            tags: Those by which it is sliced, which follow from what was said.
        """
        said = self._values[k], self.clusters[k], self.sources[k]
        rest = self._spelt.get(said)
        if rest is None:
            rest = f"{sorted(tags.items())!r}, {said[1]!r}, {said[2]!r})"
            self._spelt[said] = rest
        made = blake2b(rows, digest_size=16)
        made.update(f"({self.retracted[k]!r}, {self.times_us[k]!r}, {rest}".encode())
        return made.digest()


def _column(given: Sequence[T], default: T, n: int) -> Sequence[T]:
    return given or [default] * n
