"""What stores have in common: labelled images of one model, by slice and bucket of time."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeVar

from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.ring import Bucket, Edges, buckets_of
from boxgauge.engine.online.windows import Span, Window
from boxgauge.frames import InvalidInputError, ResourceExhaustedError

Snapshot_co = TypeVar("Snapshot_co", covariant=True)

# Every image is in this slice.
ALL = ""
MAX_BYTES = 2**30


class Parts(Protocol):
    """What has changed of a store, at one moment; later changes leave it alone."""

    def packed(self) -> dict[str, bytes | None]:
        """Return the bytes of each part, None for one that is gone; safe in another thread."""


class QualityStore(Protocol[Snapshot_co]):
    """Keeps labelled images by slice and time, and says what a window and slice have.

    One thread may call it, but for what says otherwise.
    """

    def add(self, images: MatchedImages, facts: ImageFacts) -> int:
        """Add images; all or, with an error, none.

        Returns:
            How many of them are older than all buckets, and so are not kept.

        Raises:
            InvalidInputError: A label is no class of the store, or facts are of other images.
            ResourceExhaustedError: The store would take more than its most bytes, or have too
                many patterns of outcomes.
        """

    def subtract(self, images: MatchedImages, facts: ImageFacts) -> int:
        """Take images away that were added, matched in the same way; all or, with an error, none.

        Returns:
            How many of them are older than all buckets, and so are not there.

        Raises:
            InvalidInputError: There is not as much of it here.
        """

    def advance(self, watermark_us: int) -> None:
        """Join or drop the buckets that a higher watermark makes old."""

    def slices(self) -> tuple[str, ...]:
        """Return the slices that have images, ascending; the first one is that of all."""

    def span(self, window: Window, name: str = ALL) -> Span:
        """Return the event times of a window of a slice; from 0 to 0 before the first image."""

    def snapshot(self, window: Window, name: str = ALL) -> Snapshot_co:
        """Return what a window and slice have now; takes microseconds, and changes nothing."""

    def changed(self) -> Parts:
        """Return what has changed since this was last asked."""

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """Take up the parts of a store of the same settings, all that were not gone.

        Raises:
            InvalidInputError: A part is not one, or is of other settings.
        """

    @property
    def tally_bytes(self) -> int:
        """Bytes that the store takes."""

    @property
    def dropped_images(self) -> int:
        """Images that fell off the ring or were too old for it, ever."""


class Kept(NamedTuple):
    """Images that a ring has buckets for, and how many it has none for."""

    images: MatchedImages
    facts: ImageFacts
    buckets: list[Bucket]
    left_out: int


def kept(images: MatchedImages, facts: ImageFacts, edges: Edges) -> Kept:
    """Return the images that are not older than all buckets.

    Raises:
        InvalidInputError: There are not as many facts as images.
    """
    if len(facts) != len(images.matches):
        raise InvalidInputError.at("facts", len(facts), f"of {len(images.matches)} images")
    found = buckets_of(edges, facts.times_us)
    chosen = [k for k, bucket in enumerate(found) if bucket is not None]
    buckets = [bucket for bucket in found if bucket is not None]
    left_out = len(found) - len(chosen)
    if left_out:
        images = MatchedImages(
            images.predictions.take(chosen),
            images.ground_truths.take(chosen),
            images.matches.select(chosen),
        )
        facts = facts.select(chosen)
    return Kept(images, facts, buckets, left_out)


def refuse_beyond(most: int, found: int) -> None:
    """Raise ResourceExhaustedError if a store would take more bytes than it may."""
    if found > most:
        raise ResourceExhaustedError(
            f"tally_bytes must be at most {most}: these images would make it {found}",
            field="tally_bytes",
            value=found,
        )
