"""Take the pictures of the built-in page: a real service, a real stream, a real browser.

    python docs/make_page_screenshots.py

Needs the exported graphs in ``graphs/`` and the command ``chromium``. Streams the sample's 200
images as if two cameras had taken them within the last 110 minutes: all predictions of two models,
labels of most images. Two things are simulated, so that there is something to see: the second
model's boxes are rounded to multiples of 3 px, and in the last 20 minutes scores fade.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import numpy as np

from boxgauge.formats import read_detections, read_ground_truth
from boxgauge.frames import GroundTruths, Predictions
from boxgauge.v1 import frames_pb2, monitor_pb2, monitor_pb2_grpc, report_pb2

ROOT = Path(__file__).resolve().parent.parent
SAMPLE, IMAGES = ROOT / "examples" / "sample", ROOT / "docs" / "images"
MONITOR, CHAMPION, CHALLENGER = "yard", "detector-2", "detector-2-coarse"
STEPS, MINUTES, UNLABELLED = 20, 110, 30
F64 = frames_pb2.FLOAT_TYPE_FLOAT64
XYWH = frames_pb2.BOX_FORMAT_XYWH


@contextmanager
def service() -> Iterator[tuple[str, str]]:
    """Run a service on free ports; yield its address and the page's."""
    environment = os.environ | {
        "BOXGAUGE_PORT": "0",
        "BOXGAUGE_METRICS_PORT": "0",
        "BOXGAUGE_GRAPHS": str(ROOT / "graphs"),
        "BOXGAUGE_LOG_LEVEL": "warning",
        "BOXGAUGE_REPORT_INTERVAL_S": "0.5",
    }
    command = (sys.executable, "-m", "boxgauge.cli", "serve", "--ephemeral")
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)  # noqa: S603 (ours)
    try:
        assert process.stdout is not None  # noqa: S101 (asked for above)
        ready = json.loads(process.stdout.readline())
        yield ready["address"], ready["metrics"].removesuffix("metrics")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def settings(classes: dict[int, str]) -> monitor_pb2.MonitorSettings:
    """Return what the monitor is asked for."""
    return monitor_pb2.MonitorSettings(
        classes=[report_pb2.ObjectClass(id=key, name=name) for key, name in classes.items()],
        tally=monitor_pb2.TALLY_KIND_SKETCH,
        slices=[monitor_pb2.SliceKey(key="camera"), monitor_pb2.SliceKey(key="label_source")],
        windows=[
            monitor_pb2.WindowSettings(name="1h", duration_s=3600),
            monitor_pb2.WindowSettings(name="24h", duration_s=86400),
        ],
        losses=["giou_loss", "bce_loss"],
        comparisons=[monitor_pb2.ComparisonSettings(champion=CHAMPION, challenger=CHALLENGER)],
        drift=monitor_pb2.DriftSettings(reference_s=1800),
    )


def predicted(of: Predictions, times_us: list[int]) -> frames_pb2.Frames:
    """Return predictions as they go over the wire, from two cameras."""
    cameras = ["east" if each % 2 else "west" for each in map(int, of.image_ids)]
    batch = frames_pb2.PredictionBatch(
        image_ids=frames_pb2.ImageIds(integers=map(int, of.image_ids)),
        counts=of.counts.tolist(),
        boxes=of.boxes.astype("<f8").tobytes(),
        box_format=XYWH,
        box_type=F64,
        scores=of.scores.astype("<f8").tobytes(),
        score_type=F64,
        labels=of.labels.astype("<i8").tobytes(),
        event_times_us=times_us,
        tags=[frames_pb2.TagColumn(key="camera", values=cameras)],
    )
    return frames_pb2.Frames(predictions=[batch])


def labelled(of: GroundTruths) -> frames_pb2.Frames:
    """Return labels as they go over the wire: most images were chosen at random, some reported."""
    sources = ["reported" if each % 7 == 0 else "random" for each in map(int, of.image_ids)]
    batch = frames_pb2.GroundTruthBatch(
        image_ids=frames_pb2.ImageIds(integers=map(int, of.image_ids)),
        counts=of.counts.tolist(),
        boxes=of.boxes.astype("<f8").tobytes(),
        box_format=XYWH,
        box_type=F64,
        labels=of.labels.astype("<i8").tobytes(),
        areas=of.areas.astype("<f8").tobytes(),
        crowd=of.crowd.astype(np.uint8).tobytes(),
        ids=of.ids.astype("<i8").tobytes(),
        sources=sources,
    )
    return frames_pb2.Frames(ground_truths=[batch])


def stream(address: str, page: str) -> None:
    """Stream the sample in steps, so that each is in a report of its own."""
    truth = read_ground_truth(SAMPLE / "ground_truth.json")
    found, _ = read_detections(SAMPLE / "detections.json", truth)
    found = found.take([found.image_ids.index(each) for each in truth.frames.image_ids])
    images = len(found)
    started_us = int((time.time() - MINUTES * 60) * 1e6)
    times_us = [started_us + k * MINUTES * 60_000_000 // images for k in range(images)]
    late = np.repeat(np.arange(images) > images * (1 - 20 / MINUTES), found.counts)
    found = replace(found, scores=np.where(late, found.scores**1.5, found.scores))
    models = {CHAMPION: found, CHALLENGER: replace(found, boxes=np.round(found.boxes / 3) * 3)}
    with grpc.insecure_channel(address) as channel:
        stub = monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
        asked = settings({each.id: each.name for each in truth.classes})
        stub.CreateMonitor(monitor_pb2.CreateMonitorRequest(monitor=MONITOR, settings=asked))
        stub.CreateMonitor(monitor_pb2.CreateMonitorRequest(monitor="yard-night", settings=asked))
        for some in np.array_split(np.arange(images), STEPS):
            rows = some.tolist()
            known = [each for each in rows if each < images - UNLABELLED]
            sent = [
                (model, predicted(of.take(rows), [times_us[k] for k in rows]))
                for model, of in models.items()
            ]
            requests = [
                monitor_pb2.ObserveRequest(monitor=MONITOR, model=model, frames=frames)
                for model, frames in [*sent, ("", labelled(truth.frames.take(known)))]
            ]
            for answer in stub.Observe(iter(requests)):
                if answer.errors:
                    raise SystemExit(str(answer.errors[0]))
            wait_for(page, in_last_hour(times_us[: rows[-1] + 1]))


def in_last_hour(times_us: list[int]) -> int:
    """Return how many images the window of an hour has, which ends with the newest's minute."""
    minute_us = 60_000_000
    from_us = (times_us[-1] // minute_us + 1 - 60) * minute_us
    return sum(each >= from_us for each in times_us)


def wait_for(page: str, images: int) -> None:
    """Wait until the reports that the page shows reflect so many predicted images."""
    url = f"{page}api/v1/monitors"
    for _ in range(600):
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (loopback)
            models = json.load(answer)["monitors"][0]["models"]
        shown = [each["summary"]["predicted_images"] for each in models if each["summary"]]
        if shown == [images] * 2:
            return
        time.sleep(0.1)
    raise SystemExit(f"the page shows {shown} predicted images, not {images}")


def take(page: str) -> None:
    """Take all pictures."""
    # The driver of the browser tests.
    sys.path.insert(0, str(ROOT))
    from tests.browser import Browser

    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("the command chromium is needed")
    one = f"#/monitor?monitor={MONITOR}&model={CHAMPION}"
    with tempfile.TemporaryDirectory() as folder, Browser(chromium, Path(folder)) as browser:
        for name, view, width, height, is_dark in (
            ("monitors", "#/", 1120, 280, False),
            ("monitor", one, 1120, None, False),
            ("dark", one, 1120, 1080, True),
            ("phone", one, 360, 1500, False),
        ):
            browser.look_like(width=width, height=900, dark=is_dark)
            browser.open("about:blank")
            browser.open(page + view)
            browser.wait_for("document.querySelector('h1') && document.querySelector('svg')")
            file = IMAGES / f"page-{name}.png"
            browser.picture(file, height=height)
            reduce(file)
        if browser.complaints:
            raise SystemExit("\n".join(browser.complaints))


def reduce(file: Path) -> None:
    """Write the picture again with 256 colours, of which the page has fewer."""
    from PIL import Image

    with Image.open(file) as picture:
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(file, optimize=True)


def main() -> None:
    """Run the service, stream to it and take the pictures."""
    with service() as (address, page):
        stream(address, page)
        take(page)
    print("wrote", ", ".join(each.name for each in sorted(IMAGES.glob("page-*.png"))))  # noqa: T201


if __name__ == "__main__":
    main()
