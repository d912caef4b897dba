"""Where the right answer differs from pycocotools' known faults, in words."""

from boxgauge.engine.settings import EvaluationSettings
from boxgauge.frames import GroundTruths


def differences(ground_truths: GroundTruths, settings: EvaluationSettings) -> tuple[str, ...]:
    """Return one sentence for each known fault that this input would meet in pycocotools."""
    if settings.strict:
        return ()
    notes = []
    extra = int((ground_truths.ignore & ~ground_truths.crowd).sum())
    if extra:
        notes.append(
            f"{extra} ground truths are ignored as marked; pycocotools overwrites the mark"
        )
    zero = int((ground_truths.ids == 0).sum())
    if zero:
        notes.append(
            f"{zero} ground truths have id 0; pycocotools takes a match with them for none"
        )
    if 100 not in settings.max_detections:
        notes.append("AP is given for the last maximum; pycocotools needs 100 among them")
    return tuple(notes)
