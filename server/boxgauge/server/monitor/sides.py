"""What comes in: batches of image sides with their revisions, and frames refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from boxgauge.frames import BoxGaugeError, Frames, GroundTruths, ImageId, Predictions

F = TypeVar("F", bound=Frames)


class Side(StrEnum):
    """Which side of an image."""

    PREDICTIONS = "predictions"
    GROUND_TRUTH = "ground_truth"


@dataclass(frozen=True, slots=True)
class SideBatch(Generic[F]):
    """One side of a batch of images.

    Attributes:
        frames: The images, values not yet judged.
        revisions: One an image, at least 0.
        retracted: One an image, or none: the side is taken out again.
        times_us: Event times, microseconds since 1970, one an image or none; None: not given.
        tags: Key and one value an image each; an empty value is no tag.
        clusters: One an image or none; empty: the image is its own cluster.
        sources: How labels were chosen or made, one an image or none; empty: not stated.
    """

    frames: F
    revisions: Sequence[int]
    retracted: Sequence[bool] = ()
    times_us: Sequence[int | None] = ()
    tags: tuple[tuple[str, Sequence[str]], ...] = ()
    clusters: Sequence[str] = ()
    sources: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One frame that was refused; ``image_id`` is None where none could be read."""

    side: Side
    image_id: ImageId | None
    error: BoxGaugeError


@dataclass(slots=True)
class Arrivals:
    """What one message brought: what could be read, and what could not."""

    predictions: list[SideBatch[Predictions]] = field(default_factory=list)
    ground_truths: list[SideBatch[GroundTruths]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
