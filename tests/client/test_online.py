"""Windows, slices, comparisons and tallies through the clients, on the real service.

Every figure is held against another monitor that was sent only the images in question.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxgauge.client import (
    Feed,
    MonitorClient,
    MonitorSettings,
    Report,
    ground_truth_batch,
    prediction_batch,
)
from boxgauge.engine import ExactTally
from boxgauge.frames import InvalidInputError

from .feed.proxy import Proxy

CLASSES = {1: "cat", 2: "dog"}
HOUR = 3600.0
NOW = time.time() - 60
NUMBERS = count()


@pytest.fixture
def client(target: str) -> Iterator[MonitorClient]:
    with MonitorClient(target) as made:
        yield made


@pytest.fixture
def made(client: MonitorClient) -> Callable[..., str]:
    """Return a function that makes a monitor and returns its name."""

    def make(**settings: Any) -> str:  # noqa: ANN401
        name = f"online/{next(NUMBERS)}"
        client.create_monitor(name, CLASSES, MonitorSettings(**settings))
        return name

    return make


def boxes_of(image_id: int, model: str) -> tuple[Any, Any, Any, Any]:
    """Return true boxes and labels, and a model's boxes and scores, of an image."""
    random = np.random.default_rng(image_id)
    rows = int(random.integers(1, 6))
    boxes = np.concatenate([random.random((rows, 2)) * 50, 20 + random.random((rows, 2)) * 90], 1)
    labels = random.integers(1, 3, rows)
    noise = np.random.default_rng((image_id, *model.encode()))
    return boxes, labels, boxes + noise.normal(0, 4, boxes.shape), noise.random(rows)


def send(
    client: MonitorClient,
    monitor: str,
    images: Iterable[int],
    *,
    model: str = "m",
    truth: bool = True,
    **said: Any,  # noqa: ANN401
) -> None:
    """Send images; what is said of each is a function of its id."""
    messages = []
    for k in images:
        boxes, labels, found, scores = boxes_of(k, model)
        told = {name: [each(k)] for name, each in said.items() if name not in ("camera", "sources")}
        if "camera" in said:
            told["tags"] = {"camera": [said["camera"](k)]}  # type: ignore[assignment]
        message: list[Any] = [prediction_batch([k], [len(labels)], found, labels, scores, **told)]
        if truth:
            sources = [said["sources"](k)] if "sources" in said else ()
            message.append(ground_truth_batch([k], [len(labels)], boxes, labels, sources=sources))
        messages.append(message)
    for answer in client.observe(monitor, messages, model=model):
        assert not answer.refused, answer.refused


def figures(report: Report) -> tuple[object, ...]:
    """Return what follows from the images of a report alone."""
    return report.statistics, report.operating_point, report.images, report.positives


def test_a_monitor_comes_back_with_what_it_was_asked_for(
    client: MonitorClient, made: Callable[..., str]
) -> None:
    asked = {"windows": ["1h", "shift=8h", "all"], "slices": {"camera": 5}, "retention": "2d"}
    name = made(**asked, tally="sketch", comparisons=[("a", "b")], losses=["giou_loss"])
    (monitor,) = (each for each in client.list_monitors() if each.name == name)
    assert monitor.settings.windows == ("1h", "shift=8h", "all")
    assert monitor.settings.slices == {"camera": 5}
    assert monitor.settings.tally == "sketch"
    assert monitor.settings.retention == 172800
    assert monitor.settings.comparisons == (("a", "b"),)
    assert monitor.settings.losses == ("giou_loss",)
    assert (monitor.settings.ring.minutes, monitor.settings.ring.hours) == (60, 48)


def test_a_window_has_the_images_of_its_time(
    client: MonitorClient, made: Callable[..., str]
) -> None:
    name, new = made(windows=["1h", "all"]), made()
    send(client, name, range(20), event_times=lambda k: NOW - (5 * HOUR if k < 10 else 0))
    send(client, new, range(10, 20))
    found = client.get_report(name, window="1h").report
    assert figures(found) == figures(client.get_report(new).report)
    assert found.window is not None
    assert found.window.from_us <= NOW * 1e6 < found.window.until_us
    assert client.get_report(name, window="all").report.images == 20
    assert client.get_report(name).report.images == found.images == 10
    assert found.watermark_us == pytest.approx(NOW * 1e6, abs=1)
    with pytest.raises(InvalidInputError, match="window"):
        client.get_report(name, window="2h")


def test_a_slice_has_the_images_of_its_tag(client: MonitorClient, made: Callable[..., str]) -> None:
    name, north = made(slices=["camera"]), made()
    send(client, name, range(30), camera=lambda k: "north" if k % 3 else "south")
    send(client, north, (k for k in range(30) if k % 3))
    found = client.get_report(name, slice="camera=north").report
    assert figures(found) == figures(client.get_report(north).report)
    assert found.slice == "camera=north"
    assert client.get_report(name).report.images == 30
    (monitor,) = (each for each in client.list_monitors() if each.name == name)
    assert {"camera=north", "camera=south"} <= set(monitor.slices)


def test_labels_have_a_source_and_a_delay(client: MonitorClient, made: Callable[..., str]) -> None:
    name = made()
    sources = {0: "random", 1: "reported", 2: ""}
    send(
        client,
        name,
        range(30),
        sources=lambda k: sources[k % 3],
        event_times=lambda k: NOW - 100,
    )
    report = client.get_report(name).report
    assert {each.source: each.images for each in report.label_sources} == {
        "random": 10,
        "reported": 10,
        "": 10,
    }
    assert report.label_delay is not None
    assert report.label_delay.count == 30
    assert report.label_delay.mean_s >= 100


def test_what_is_retracted_is_out_again(client: MonitorClient, made: Callable[..., str]) -> None:
    name, rest = made(), made()
    send(client, name, range(10))
    send(client, rest, range(5))
    gone = [
        prediction_batch([k], [0], [], [], [], revisions=[1], retracted=[True]) for k in (5, 6, 7)
    ]
    gone += [ground_truth_batch([k], [0], [], [], revisions=[1], retracted=[True]) for k in (8, 9)]  # type: ignore[list-item]
    for answer in client.observe(name, gone, model="m"):
        assert answer.accepted == 1
    assert figures(client.get_report(name).report) == figures(client.get_report(rest).report)


def test_two_models_are_compared_on_their_common_images(
    client: MonitorClient, made: Callable[..., str]
) -> None:
    name = made(comparisons=[("a", "b")])
    send(client, name, range(60), model="a")
    send(client, name, range(20, 80), model="b")
    found = client.compare_models(name, "a", "b")
    assert (found.champion, found.challenger, found.images) == ("a", "b", 40)
    common = {model: made() for model in ("a", "b")}
    for model, monitor in common.items():
        send(client, monitor, range(20, 60), model=model)
    a, b = (client.get_report(common[model]).report.statistics["AP"] for model in ("a", "b"))
    assert a is not None
    assert b is not None
    ap = found.statistics["AP"]
    assert (ap.champion, ap.challenger, ap.difference) == (a, b, b - a)
    assert ap.confidence is not None
    assert ap.confidence.low <= ap.difference <= ap.confidence.high


def test_a_sketch_encloses_what_an_exact_monitor_says(
    client: MonitorClient, made: Callable[..., str]
) -> None:
    exact, sketch = made(), made(tally="sketch")
    for name in (exact, sketch):
        send(client, name, range(60))
    expected = client.get_report(exact).report.statistics
    found = client.get_report(sketch).report
    for name, value in expected.items():
        if value is not None and name.startswith("AP"):
            certified = found.intervals[name].certified
            assert certified is not None
            assert certified.low <= value <= certified.high


def test_tallies_are_read_by_the_engine(client: MonitorClient, made: Callable[..., str]) -> None:
    name = made(slices=["camera"])
    send(client, name, range(12), camera=lambda k: "north" if k % 3 else "south")
    tallies = {each.slice: each for each in client.export_tallies(name)}
    assert {"", "camera=north", "camera=south"} <= set(tallies)
    held = {name: ExactTally.from_bytes(each.content) for name, each in tallies.items()}
    for name, wanted in (
        ("", range(12)),
        ("camera=south", range(0, 12, 3)),
        ("camera=north", (k for k in range(12) if k % 3)),
    ):
        assert [k for k in range(12) if k in held[name]] == list(wanted)


def test_an_outage_moves_no_image_into_another_window(
    target: str, client: MonitorClient, made: Callable[..., str], tmp_path: Path
) -> None:
    name, new = made(windows=["1h", "all"]), made()
    with Proxy(target) as proxy:
        proxy.stop()
        with Feed(proxy.address, name, "m", spool=tmp_path) as feed:
            for k in range(20):
                boxes, labels, found, scores = boxes_of(k, "m")
                taken_at = NOW - (5 * HOUR if k < 10 else 0)
                feed.predictions(k, found, labels, scores, time=taken_at)
                feed.ground_truth(k, boxes, labels)
            proxy.start()
            feed.flush()
            assert feed.counters.refused == 0
    send(client, new, range(10, 20))
    found_report = client.get_report(name, window="1h").report
    assert figures(found_report) == figures(client.get_report(new).report)


def test_what_comes_too_late_is_refused_and_counted(
    client: MonitorClient, made: Callable[..., str]
) -> None:
    name = made(retention="1h")
    send(client, name, range(3), event_times=lambda k: NOW)
    _, labels, found, scores = boxes_of(9, "m")
    late = prediction_batch([9], [len(labels)], found, labels, scores, event_times=[NOW - 2 * HOUR])
    (answer,) = client.observe(name, [late], model="m")
    (monitor,) = (each for each in client.list_monitors() if each.name == name)
    assert sum(monitor.outcomes.values()) >= 1, json.dumps(monitor.outcomes)
    assert len(answer.refused) + answer.accepted == 1
