"""A detector's loop that tells a monitor what it sees: the feed is the ten lines in `watch_over`.

    boxgauge serve
    python examples/detector_loop.py
    boxgauge watch scenes

The detector here is a recording of one: what a trained network found in the scenes of
`examples/sample`. Put your own in its place.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxgauge.client import Feed

SAMPLE = Path(__file__).resolve().parent / "sample"
CAMERAS = ("north", "south")
Records = list[dict[str, Any]]


@dataclass(frozen=True)
class Picture:
    """One picture, when and by which camera it was taken."""

    id: int
    camera: str
    taken_at: float


def watch_over(target: str, spool: Path, pictures: Iterator[Picture], every: int) -> None:
    """Detect in each picture, and label one of every few."""
    detect, label, classes = recorded()
    with Feed(target, "scenes", "sample", spool=spool, classes=classes) as feed:
        for number, picture in enumerate(pictures):
            boxes, labels, scores = detect(picture)
            feed.predictions(
                picture.id,
                boxes,
                labels,
                scores,
                time=picture.taken_at,
                tags={"camera": picture.camera},
                cluster=f"{picture.camera}/{picture.taken_at // 3600:.0f}",
            )
            if number % every == 0:
                feed.ground_truth(picture.id, **label(picture), source="random")
        feed.flush()
        print(f"{feed.counters.acknowledged} image sides acknowledged, {feed.counters.refused} not")


def camera_pictures(rate: float | None) -> Iterator[Picture]:
    """Yield the sample's pictures, as two cameras would take them now."""
    images: Records = json.loads((SAMPLE / "ground_truth.json").read_text())["images"]
    for number, image in enumerate(images):
        yield Picture(image["id"], CAMERAS[number % len(CAMERAS)], time.time())
        if rate:
            time.sleep(1 / rate)


def recorded() -> tuple[Any, Any, dict[int, str]]:
    """Return a detector, a labeller and the names of their classes, all from files."""
    truth = json.loads((SAMPLE / "ground_truth.json").read_text())
    found = _by_image(json.loads((SAMPLE / "detections.json").read_text()))
    true = _by_image(truth["annotations"])

    def detect(picture: Picture) -> tuple[list[Any], list[int], list[float]]:
        rows = found[picture.id]
        return _column(rows, "bbox"), _column(rows, "category_id"), _column(rows, "score")

    def label(picture: Picture) -> dict[str, list[Any]]:
        rows = true[picture.id]
        crowd = [bool(row["iscrowd"]) for row in rows]
        return {
            "boxes": _column(rows, "bbox"),
            "labels": _column(rows, "category_id"),
            "areas": _column(rows, "area"),
            "crowd": crowd,
        }

    return detect, label, {each["id"]: each["name"] for each in truth["categories"]}


def _by_image(rows: Records) -> defaultdict[int, Records]:
    grouped: defaultdict[int, Records] = defaultdict(list)
    for row in rows:
        grouped[row["image_id"]].append(row)
    return grouped


def _column(rows: Records, name: str) -> list[Any]:
    return [row[name] for row in rows]


def main() -> None:
    """Run the loop once over the sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="127.0.0.1:8001")
    parser.add_argument("--spool", type=Path, default=Path("spool"))
    parser.add_argument("--rate", type=float, help="pictures a second; default: no limit")
    parser.add_argument("--label-every", type=int, default=1)
    given = parser.parse_args()
    watch_over(given.target, given.spool, camera_pictures(given.rate), given.label_every)


if __name__ == "__main__":
    main()
