"""A detector gets worse, labels come late, the alert fires, a rollback resolves it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from alert_story.clock import EventClock
from alert_story.footage import SHRUNK_TO, Footage
from alert_story.history import ALERT, FIRING, INACTIVE, PENDING, WINDOW, History
from alert_story.picture import draw
from alert_story.prometheus_eyes import PrometheusEyes, prometheus_eyes
from alert_story.report_eyes import ReportEyes
from alert_story.traffic import IMAGES_A_MINUTE, LABEL_DELAY_MIN, MONITOR, STALLED_MIN, Traffic

from boxgauge.client import DriftSettings, MonitorClient, MonitorSettings

BEFORE_MIN, DEPLOYED_AT, CALM_MIN, LENGTH_MIN = 60, 66.0, 12.0, 420.0


class Eyes(Protocol):
    """Who watches the monitor."""

    name: str

    def state(self) -> str:
        """Return the alert's state now."""

    def history(self) -> History:
        """Return everything from the beginning to now."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a minute of the story."""

    minute: float
    what: str
    words: str


def tell(
    target: str,
    metrics_url: str,
    pair: Path,
    out: Path,
    *,
    speed: float,
    prometheus: str | None,
    with_dashboard: bool = False,
) -> None:
    """Play the story against a running service and leave its picture and its events in ``out``.

    Args:
        target: HOST:PORT of the service.
        metrics_url: Of its metrics.
        pair: Folder of ground truth and detections.
        out: Folder for the results.
        speed: Seconds of event time a second.
        prometheus: The command; None: the reports are watched instead.
        with_dashboard: Also draw what Grafana's panels would show; needs Prometheus.

    Raises:
        SystemExit: The alert did not fire, or did not resolve.
    """
    out.mkdir(parents=True, exist_ok=True)
    clock = EventClock(speed, LENGTH_MIN * 60)
    footage = Footage(pair)
    with (
        MonitorClient(target) as client,
        _eyes(client, metrics_url, out, clock, prometheus) as eyes,
    ):
        settings = MonitorSettings(windows=[WINDOW], drift=DriftSettings(reference="1h"))
        client.create_monitor(MONITOR, footage.classes, settings)
        print(
            f"One second is {speed / 60:g} minutes of events. {IMAGES_A_MINUTE} images a minute "
            f"({footage.name}), labelled {LABEL_DELAY_MIN:g} minutes later; watched over the last "
            f"hour by {eyes.name}.",
            flush=True,
        )
        traffic = Traffic(client, footage, clock, before_min=BEFORE_MIN)
        clock.start()
        events = _play(traffic, eyes, clock)
        history = eyes.history()
        if with_dashboard and isinstance(eyes, PrometheusEyes):
            eyes.draw_dashboard(out / "dashboard.png")
    (out / "story.json").write_text(
        json.dumps(
            {
                "watched_by": eyes.name,
                "speed": speed,
                "pair": footage.name,
                "events": [asdict(each) for each in events],
                "history": asdict(history),
            }
        ),
        encoding="utf-8",
    )
    draw(history, {each.what: each.minute for each in events}, eyes.name, out / "story.png")
    print(f"The picture: {out / 'story.png'}")


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next in the story.

    Attributes:
        what: Name of the event.
        words: For the reader.
        is_due: Says, from the minute and the alert's state, whether it happens now.
        deploys_bad: Which version is deployed from then on; None: no change.
    """

    what: str
    words: str
    is_due: Callable[[float, str], bool]
    deploys_bad: bool | None = None


def _script(traffic: Traffic) -> list[Step]:
    return [
        Step(
            "stalled",
            "no labels come any more",
            lambda minute, _: minute >= STALLED_MIN[0],
        ),
        Step(
            "deployed",
            f"a new version is deployed: its boxes are {SHRUNK_TO:.0%} of their size",
            lambda minute, _: minute >= DEPLOYED_AT,
            deploys_bad=True,
        ),
        Step(
            "labelled",
            "labels come again, and with them the first of its images",
            lambda _, __: traffic.labelled_bad > 0,
        ),
        Step(
            "pending",
            f"{ALERT} is pending: it has to last",
            lambda _, state: state in (PENDING, FIRING),
        ),
        Step(
            "firing",
            f"{ALERT} FIRES; the old version is deployed again",
            lambda _, state: state == FIRING,
            deploys_bad=False,
        ),
        Step("resolved", f"{ALERT} is RESOLVED", lambda _, state: state == INACTIVE),
    ]


def _play(traffic: Traffic, eyes: Eyes, clock: EventClock) -> list[Event]:
    events: list[Event] = []
    for step in _script(traffic):
        while not step.is_due(clock.minutes(), eyes.state()):
            if clock.minutes() > LENGTH_MIN:
                raise SystemExit(f"not within {LENGTH_MIN / 60:g} hours of events: {step.words}")
            _go_on(traffic, clock)
        if step.deploys_bad is not None:
            traffic.is_bad = step.deploys_bad
        minute = clock.minutes()
        events.append(Event(minute, step.what, step.words))
        hours, minutes = divmod(int(minute), 60)
        print(f"  {hours}:{minutes:02}  {step.words}", flush=True)
    while clock.minutes() < events[-1].minute + CALM_MIN:
        eyes.state()
        _go_on(traffic, clock)
    return events


def _go_on(traffic: Traffic, clock: EventClock) -> None:
    traffic.advance(clock.minutes())
    time.sleep(0.05)


@contextmanager
def _eyes(
    client: MonitorClient, metrics_url: str, out: Path, clock: EventClock, prometheus: str | None
) -> Iterator[Eyes]:
    if prometheus is None:
        yield ReportEyes(client, clock)
        return
    with prometheus_eyes(prometheus, metrics_url, out / "prometheus", clock) as eyes:
        yield eyes
