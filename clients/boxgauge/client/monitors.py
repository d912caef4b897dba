"""What the service says of a monitor."""

from dataclasses import dataclass

from boxgauge.v1 import monitor_pb2 as pb


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor and how much it holds.

    Attributes:
        name: Its name.
        classes: Class names by id, ascending.
        strict: It reproduces pycocotools with its known faults.
        score_threshold: Score from which a detection counts in precision and recall.
        models: Names of the models seen, ascending.
        labelled_images: Images with ground truth.
        held_boxes: Boxes in the service's memory, both sides, all models.
    """

    name: str
    classes: dict[int, str]
    strict: bool
    score_threshold: float
    models: tuple[str, ...]
    labelled_images: int
    held_boxes: int


def monitor_from(message: pb.Monitor) -> Monitor:
    """Return the monitor that a message describes."""
    return Monitor(
        name=message.name,
        classes={each.id: each.name for each in message.settings.classes},
        strict=message.settings.evaluation.strict,
        score_threshold=message.settings.evaluation.score_threshold,
        models=tuple(message.models),
        labelled_images=message.labelled_images,
        held_boxes=message.held_boxes,
    )
