"""A feed, the real server in a process of its own, and everything that may go wrong between."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from boxgauge.client import (
    AsyncFeed,
    Feed,
    FeedOptions,
    MonitorClient,
    RefusedFrame,
    Report,
    ground_truth_batch,
    prediction_batch,
)
from boxgauge.frames import ResourceExhaustedError
from tests.served import ENVIRONMENT

from .proxy import Proxy

CLASSES = {1: "cat", 2: "dog"}
IMAGES = 120
TAKEN = 1_700_000_000  # when the first image was taken, the same in every process
WAIT_S = 60
QUICK = FeedOptions(first_retry_s=0.01, most_retry_s=0.1, batch_age_s=0.01, batch_images=7)
Side = dict[str, Any]


def sides(image_id: int) -> tuple[Side, Side]:
    """Return predictions and ground truth of an image, the same ones each time."""
    random = np.random.default_rng(image_id)
    rows = int(random.integers(0, 6))
    boxes = np.concatenate([random.random((rows, 2)) * 50, 10 + random.random((rows, 2)) * 90], 1)
    labels = random.integers(1, 3, rows)
    noisy = (boxes + random.normal(0, 3, boxes.shape)).astype(np.float32)
    predictions = {"boxes": noisy, "labels": labels, "scores": random.random(rows)}
    return predictions, {"boxes": boxes, "labels": labels}


def report_of(target: str, monitor: str) -> Report:
    with MonitorClient(target) as client:
        return client.get_report(monitor, model="m").report


def same(found: Report, expected: Report) -> bool:
    """Say whether all that follows from the frames is equal, to the last bit."""
    names = (
        "statistics",
        "classes",
        "operating_point",
        "losses",
        "images",
        "predicted_images",
        "labelled_images",
        "positives",
        "detections",
    )
    return all(getattr(found, name) == getattr(expected, name) for name in names)


@pytest.fixture(scope="session")
def in_one_go(target: str) -> Report:
    """Return the report over all images, sent without a feed."""
    ids = list(range(IMAGES))
    found = [sides(k) for k in ids]
    counts = [len(predictions["labels"]) for predictions, _ in found]

    def column(side: int, name: str) -> NDArray[np.generic]:
        return np.concatenate([each[side][name] for each in found])

    message = [
        prediction_batch(ids, counts, column(0, "boxes"), column(0, "labels"), column(0, "scores")),
        ground_truth_batch(ids, counts, column(1, "boxes"), column(1, "labels")),
    ]
    with MonitorClient(target) as client:
        client.create_monitor("one-go", CLASSES)
        (answer,) = client.observe("one-go", [message], model="m")
        assert answer.accepted == 2 * IMAGES
    return report_of(target, "one-go")


async def test_every_frame_arrives_once_through_outages(
    target: str, proxy: Proxy, in_one_go: Report, tmp_path: Path
) -> None:
    async with AsyncFeed(
        proxy.address, "async", "m", spool=tmp_path, classes=CLASSES, options=QUICK
    ) as feed:
        for k in range(IMAGES):
            predictions, truth = sides(k)
            await feed.predictions(k, **predictions, time=TAKEN + k)
            await feed.ground_truth(k, **truth)
            if k % 30 == 10:
                proxy.stop()
            elif k % 30 == 20:
                proxy.start()
            await asyncio.sleep(0)
            if k % 30 == 5:
                await feed.flush(WAIT_S)  # so that some of it is under way when the line breaks
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert counters.acknowledged == counters.recorded == 2 * IMAGES
    assert (counters.refused, counters.spooled) == (0, 0)
    assert counters.sent - counters.retried == 2 * IMAGES
    assert same(report_of(target, "async"), in_one_go)


def test_a_plain_loop_has_the_same(
    target: str, proxy: Proxy, in_one_go: Report, tmp_path: Path
) -> None:
    with Feed(proxy.address, "sync", "m", spool=tmp_path, classes=CLASSES, options=QUICK) as feed:
        halves = [range(IMAGES // 2), range(IMAGES // 2, IMAGES)]

        def half(images: range) -> None:
            for k in images:
                predictions, truth = sides(k)
                feed.predictions(k, **predictions, time=TAKEN + k)
                feed.ground_truth(k, **truth)

        threads = [threading.Thread(target=half, args=(images,)) for images in halves]
        for thread in threads:
            thread.start()
        proxy.stop()
        for thread in threads:
            thread.join()
        assert feed.counters.spooled > 0
        proxy.start()
        feed.flush(WAIT_S)
        assert feed.counters.acknowledged == 2 * IMAGES
    assert same(report_of(target, "sync"), in_one_go)


# A detector's process: says of each image that it has recorded both sides, until it is killed.
CLIENT = """
import sys
from pathlib import Path
from boxgauge.client import Feed
sys.path.insert(0, sys.argv[3])
from tests.client.feed.test_outages import CLASSES, IMAGES, QUICK, TAKEN, sides
address, spool = sys.argv[1], Path(sys.argv[2])
with Feed(address, "killed", "m", spool=spool, classes=CLASSES, options=QUICK) as feed:
    for k in range(IMAGES):
        predictions, truth = sides(k)
        feed.predictions(k, **predictions, time=TAKEN + k)
        feed.ground_truth(k, **truth)
        print(k, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("outage", [False, True])
def test_a_killed_process_loses_nothing_that_was_recorded(
    target: str, in_one_go: Report, tmp_path: Path, outage: bool
) -> None:
    root = str(Path(__file__).resolve().parents[3])
    with Proxy(target) as proxy, MonitorClient(target) as client:
        if outage:
            proxy.stop()
        command = [sys.executable, "-c", CLIENT, proxy.address, tmp_path, root]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
        ) as process:
            assert process.stdout is not None
            while int(process.stdout.readline()) < IMAGES // 2:
                pass
            process.send_signal(signal.SIGKILL)
            said = process.stdout.read().split()
        # What it said last may be cut off, and what it did after that is not known.
        recorded = max(IMAGES // 2, *map(int, said[:-1] or [0])) + 1
        if outage:
            proxy.start()
        with Feed(
            proxy.address, "killed", "m", spool=tmp_path, classes=CLASSES, options=QUICK
        ) as feed:
            for k in range(recorded, IMAGES):
                predictions, truth = sides(k)
                feed.predictions(k, **predictions, time=TAKEN + k)
                feed.ground_truth(k, **truth)
            feed.flush(WAIT_S)
            counters = feed.counters
        if outage:
            assert counters.recovered >= 2 * recorded
        assert (counters.refused, counters.spooled, counters.damaged_bytes) == (0, 0, 0)
        assert counters.acknowledged == counters.recovered + counters.recorded
        assert same(report_of(target, "killed"), in_one_go)
        client.delete_monitor("killed")


def spooled(target: str, spool: Path, monitor: str) -> None:
    """Leave all images in a spool, the service being out of reach."""
    with Proxy(target) as proxy:
        proxy.stop()
        options = FeedOptions(close_timeout_s=0)
        with Feed(proxy.address, monitor, "m", spool=spool, options=options) as feed:
            for k in range(IMAGES):
                predictions, truth = sides(k)
                feed.predictions(k, **predictions, time=TAKEN + k)
                feed.ground_truth(k, **truth)


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("harm", "torn"), [(flip, False), (lambda content: content[:-5], True)], ids=["flip", "tear"]
)
def test_a_damaged_spool_costs_one_frame_which_is_counted(
    target: str, tmp_path: Path, harm: Callable[[bytes], bytes], torn: bool
) -> None:
    monitor = f"damaged/{torn}"
    spooled(target, tmp_path, monitor)
    (file,) = tmp_path.glob("*.spool")
    file.write_bytes(harm(file.read_bytes()))
    with Feed(target, monitor, "m", spool=tmp_path, classes=CLASSES) as feed:
        feed.flush(WAIT_S)
        counters = feed.counters
    assert counters.recovered == counters.acknowledged == 2 * IMAGES - 1
    assert (counters.torn_bytes > 0, counters.damaged_bytes > 0) == (torn, not torn)
    assert report_of(target, monitor).images == IMAGES - 1


@pytest.mark.parametrize("hit", [0, 7, 19])
def test_damage_under_a_running_feed_costs_one_frame_which_is_counted(
    target: str, proxy: Proxy, tmp_path: Path, hit: int
) -> None:
    monitor = f"damaged/running/{hit}"
    proxy.stop()
    with Feed(proxy.address, monitor, "m", spool=tmp_path, classes=CLASSES, options=QUICK) as feed:
        for k in range(20):
            feed.predictions(f"image-{k:02}", [], [], [])
        (file,) = tmp_path.glob("*.spool")
        content = file.read_bytes()
        file.write_bytes(content.replace(b"image-%02d" % hit, b"imAge-%02d" % hit))
        proxy.start()
        feed.flush(WAIT_S)
        counters = feed.counters
        assert (counters.acknowledged, counters.lost, counters.spooled) == (19, 1, 0)
        feed.predictions("later", [], [], [])
        feed.flush(WAIT_S)
    assert report_of(target, monitor).predicted_images == 20


def test_a_full_spool_refuses_what_comes_and_loses_nothing_it_had(
    target: str, proxy: Proxy, tmp_path: Path
) -> None:
    options = FeedOptions(max_spool_bytes=10_000, first_retry_s=0.01, most_retry_s=0.1)
    proxy.stop()
    with Feed(proxy.address, "full", "m", spool=tmp_path, classes=CLASSES, options=options) as feed:
        recorded, refused = 0, 0
        for k in range(IMAGES):
            predictions, _ = sides(k)
            try:
                feed.predictions(k, **predictions)
            except ResourceExhaustedError:
                refused += 1
            else:
                recorded += 1
        assert refused > 0
        assert feed.counters.spooled == feed.counters.recorded == recorded
        assert feed.counters.spool_bytes <= 10_000
        proxy.start()
        feed.flush(WAIT_S)
        feed.predictions("there is room again", [], [], [])
        feed.flush(WAIT_S)
    assert report_of(target, "full").predicted_images == recorded + 1


async def test_frames_that_the_service_refuses_are_reported(target: str, tmp_path: Path) -> None:
    refused: list[RefusedFrame] = []
    async with AsyncFeed(
        target, "picky", "m", spool=tmp_path, classes=CLASSES, on_refused=refused.append
    ) as feed:
        await feed.predictions(1, [[0, 0, 9, 9]], [1], [0.5])
        await feed.predictions(2, [[0, 0, -3, 9]], [1], [0.5])
        await feed.predictions(3, [[0, 0, 9, 9]], [99], [0.5])
        await feed.predictions(1, [[0, 0, 9, 10]], [1], [0.5])  # other content, same revision
        await feed.ground_truth(1, [[0, 0, 9, 9]], [1])
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert [(each.image_id, each.code) for each in refused] == [(2, 3), (3, 3), (1, 6)]
    assert refused[0].field == "boxes[0].w"
    assert (counters.acknowledged, counters.refused, counters.spooled) == (2, 3, 0)
    assert report_of(target, "picky").images == 1


async def test_frames_wait_for_a_monitor_that_is_not_there_yet(target: str, tmp_path: Path) -> None:
    async with AsyncFeed(target, "later", "m", spool=tmp_path, options=QUICK) as feed:
        await feed.predictions(1, [], [], [])
        async with asyncio.timeout(WAIT_S):
            while "later" not in feed.counters.last_error:  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.005)
        with MonitorClient(target) as client:
            await asyncio.to_thread(client.create_monitor, "later", CLASSES)
        await feed.flush(WAIT_S)
        assert feed.counters.acknowledged == 1


def test_frames_of_an_older_model_are_sent_under_its_name(target: str, tmp_path: Path) -> None:
    spooled(target, tmp_path, "deployed")
    with Feed(target, "deployed", "m2", spool=tmp_path, classes=CLASSES) as feed:
        feed.predictions(0, [], [], [], time=TAKEN + IMAGES)
        feed.flush(WAIT_S)
    with MonitorClient(target) as client:
        (monitor,) = (each for each in client.list_monitors() if each.name == "deployed")
        assert monitor.models == ("m", "m2")
        assert client.get_report("deployed", model="m").report.images == IMAGES
        assert client.get_report("deployed", model="m2").report.images == 1


def test_a_frame_too_large_for_the_service_is_refused_alone(target: str, tmp_path: Path) -> None:
    rows = 400_000  # 36 bytes each
    refused: list[RefusedFrame] = []
    with Feed(
        target, "large", "m", spool=tmp_path, classes=CLASSES, on_refused=refused.append
    ) as feed:
        feed.predictions(1, [], [], [])
        feed.predictions(2, np.ones((rows, 4)), np.ones(rows, int), np.ones(rows))
        feed.predictions(3, [], [], [])
        feed.flush(WAIT_S)
        counters = feed.counters
    assert [each.image_id for each in refused] == [2]
    assert "message must be at most" in refused[0].message
    assert (counters.acknowledged, counters.refused, counters.spooled) == (2, 1, 0)
