"""Where the right answer differs from pycocotools' known faults, in words."""

from typing import NamedTuple

from boxgauge.engine.settings import EvaluationSettings
from boxgauge.frames import GroundTruths


class Oddities(NamedTuple):
    """Ground truths that pycocotools takes otherwise: marked ignored, and with id 0."""

    ignored: int = 0
    without_id: int = 0

    @classmethod
    def of(cls, ground_truths: GroundTruths) -> "Oddities":
        """Return how many there are."""
        extra = ground_truths.ignore & ~ground_truths.crowd
        return cls(int(extra.sum()), int((ground_truths.ids == 0).sum()))

    def plus(self, other: "Oddities", sign: int = 1) -> "Oddities":
        """Return the sum, or with -1 the difference."""
        return Oddities(
            self.ignored + sign * other.ignored, self.without_id + sign * other.without_id
        )


def differences(ground_truths: GroundTruths, settings: EvaluationSettings) -> tuple[str, ...]:
    """Return one sentence for each known fault that this input would meet in pycocotools."""
    return notes_of(Oddities.of(ground_truths), settings)


def notes_of(found: Oddities, settings: EvaluationSettings) -> tuple[str, ...]:
    """Return one sentence for each known fault that ground truths of these numbers would meet."""
    if settings.strict:
        return ()
    notes = []
    if found.ignored:
        notes.append(
            f"{found.ignored} ground truths are ignored as marked; pycocotools overwrites the mark"
        )
    if found.without_id:
        notes.append(
            f"{found.without_id} ground truths have id 0;"
            " pycocotools takes a match with them for none"
        )
    if 100 not in settings.max_detections:
        notes.append("AP is given for the last maximum; pycocotools needs 100 among them")
    return tuple(notes)
