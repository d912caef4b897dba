"""What the service says of a monitor."""

from dataclasses import dataclass, field

from boxgauge.client.monitor_settings import MonitorSettings, monitor_settings_from
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
        settings: All it was made with, the service's defaults filled in.
        slices: Slices seen, ``key=value``, ascending.
        watermark_us: The highest event time seen, microseconds since 1970; 0: none yet.
        outcomes: How often a frame came to something that no report counts, such as ``late``.
        tally_bytes: Bytes of its tallies in the service's memory.
    """

    name: str
    classes: dict[int, str]
    strict: bool
    score_threshold: float
    models: tuple[str, ...]
    labelled_images: int
    held_boxes: int
    settings: MonitorSettings = field(default_factory=MonitorSettings)
    slices: tuple[str, ...] = ()
    watermark_us: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    tally_bytes: int = 0


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
        settings=monitor_settings_from(message.settings),
        slices=tuple(message.slices),
        watermark_us=message.watermark_us,
        outcomes={each.outcome: each.count for each in message.outcomes},
        tally_bytes=message.tally_bytes,
    )
