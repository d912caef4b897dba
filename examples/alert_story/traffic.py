"""A detector at work, and labels that come later, both sent as they fall due."""

from collections import deque
from collections.abc import Sequence

from alert_story.clock import EventClock
from alert_story.footage import Footage, Shot

from boxgauge.client import Batch, MonitorClient

MONITOR, MODEL = "street", "detector"
IMAGES_A_MINUTE = 3
LABEL_DELAY_MIN = 20.0
# Nobody labels in between; what was due then comes at the end of it.
STALLED_MIN = (65.0, 90.0)


class Traffic:
    """Sends images and labels up to now, whenever it is asked to.

    Args:
        client: Of a service that has the monitor.
        footage: What is seen.
        clock: When it is seen.
        before_min: Minutes before the story's start with which it begins.

    Attributes:
        is_bad: The bad version of the detector is deployed.
        labelled_bad: Images of the bad version that have been labelled.
    """

    def __init__(
        self, client: MonitorClient, footage: Footage, clock: EventClock, *, before_min: int
    ) -> None:
        self._client = client
        self._footage = footage
        self._clock = clock
        self._before_min = before_min
        self._images = 0
        self._unlabelled: deque[tuple[float, Shot]] = deque()
        self.is_bad = False
        self.labelled_bad = 0

    def advance(self, until: float) -> None:
        """Send the images taken up to this minute of the story, and the labels that are due."""
        shots = []
        while (minute := self._images / IMAGES_A_MINUTE - self._before_min) <= until:
            shot = Shot(self._images, self._clock.event_time(minute), self.is_bad)
            self._unlabelled.append((minute, shot))
            self._images += 1
            shots.append(shot)
        if shots:
            self._send(self._footage.predictions(shots))
        if STALLED_MIN[0] <= until < STALLED_MIN[1]:
            return
        due = []
        while self._unlabelled and self._unlabelled[0][0] + LABEL_DELAY_MIN <= until:
            due.append(self._unlabelled.popleft()[1])
        if due:
            self._send([self._footage.labels(due)])
            self.labelled_bad += sum(each.is_bad for each in due)

    def _send(self, parts: Sequence[Batch]) -> None:
        for answer in self._client.observe(MONITOR, [parts], model=MODEL):
            if answer.refused:
                first = answer.refused[0]
                raise SystemExit(f"image {first.image_id!r} was refused: {first.message}")
