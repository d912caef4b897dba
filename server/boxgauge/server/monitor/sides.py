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
    """

    frames: F
    revisions: Sequence[int]


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
