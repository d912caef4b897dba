"""The journal: frames a second with both sides kept on disk, beside what the disk allows.

The limit is the same bytes of boxes, appended to a file and synchronised in the groups in
which the journal committed them: no lookups, no index, no log of changes, each byte written
once. Both are measured in turn, in one folder. Truth comes after the predictions, so that
each label reads its image's predictions back.
"""

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import numpy as np
from timing import machine

from boxgauge.frames import ImageId
from boxgauge.server.journal import CameFrame, Commit, Journal
from boxgauge.server.monitor.rows import GROUND_TRUTH, PREDICTION

OBJECTS, BATCH = 7, 64
STREAMS = (1, 8)
Batches = list[list[CameFrame]]


@dataclass
class Run:
    """What one run showed, times in seconds."""

    wall_s: float = 0.0
    limit_s: float = 0.0
    cpu_s: float = 0.0
    takes_s: list[float] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    file_bytes: int = 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--detections", type=int, default=100)
    parser.add_argument("--text-ids", action="store_true", help="random UUIDs, not 0, 1, 2, …")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    parser.add_argument("--temporary", action="store_true", help="the journal that is not kept")
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(
        f"{given.images} images in batches of {BATCH}, {given.detections} detections and {OBJECTS}"
    )
    print(f"true objects each, predictions and then truth; medians of {given.repeats}.\n")
    ids = image_ids(given.images, are_text=given.text_ids)
    sides = [
        batches("a", ids, PREDICTION.itemsize * given.detections),
        batches("", ids, GROUND_TRUTH.itemsize * OBJECTS),
    ]
    print(
        "| streams | sides/s | images/s | limit, sides/s | of the limit | in COMMIT "
        "| CPU, µs a side | take p50, ms | p99 | commit p50, ms | p99 | sides a commit "
        "| bytes an image |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for streams in STREAMS:
        runs = [
            one_run(sides, streams, given.folder, given.temporary) for _ in range(given.repeats)
        ]
        print(row_of(streams, runs, given.images), flush=True)


def image_ids(images: int, *, are_text: bool) -> list[ImageId]:
    """Return ids in order, or such that each lands anywhere in the index."""
    if not are_text:
        return list(range(images))
    draw = random.Random(0)
    return [str(uuid.UUID(int=draw.getrandbits(128))) for _ in range(images)]


def batches(model: str, ids: list[ImageId], width: int) -> Batches:
    """Return the frames of one model, or of truth, in batches; so many bytes of boxes each."""
    item = (GROUND_TRUTH if model == "" else PREDICTION).itemsize
    rows = np.random.default_rng(0).bytes(width)
    digest = blake2b(rows, digest_size=16).digest()
    frames = [
        CameFrame(
            model=model,
            image_id=each,
            revision=0,
            retracted=False,
            digest=digest,
            rows=rows,
            boxes=width // item,
            time_us=k,
            is_time_given=True,
            arrived_us=k,
            slices=(f"camera=c{k % 100}",),
            cluster="",
            source="",
        )
        for k, each in enumerate(ids)
    ]
    return [frames[start : start + BATCH] for start in range(0, len(frames), BATCH)]


def one_run(sides: list[Batches], streams: int, folder: Path | None, temporary: bool) -> Run:
    """Return what a journal in a new file took, and the limit right after."""
    run = Run()
    with tempfile.TemporaryDirectory(dir=folder) as where:
        path = Path(where) / "journal.db"
        asyncio.run(fill(None if temporary else path, sides, streams, run))
        if path.exists():
            run.file_bytes = path.stat().st_size  # the write-ahead log is gone by now
        run.limit_s = appended(Path(where) / "limit", [each.size for each in run.commits])
    return run


async def fill(path: Path | None, sides: list[Batches], streams: int, run: Run) -> None:
    """Take all frames, predictions first, by so many streams at a time."""
    journal = await Journal.open(path, on_commit=run.commits.append)
    monitor = await journal.create("cam", b"")
    run.commits.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    for side in sides:
        waiting = iter(side)
        await asyncio.gather(*(stream(journal, monitor, waiting, run) for _ in range(streams)))
    run.wall_s, run.cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    run.file_bytes = journal.file_bytes
    await journal.close()


async def stream(
    journal: Journal, monitor: int, waiting: Iterator[list[CameFrame]], run: Run
) -> None:
    """Take one batch after the other."""
    for frames in waiting:
        began = time.perf_counter()
        await journal.take(monitor, frames, max_models=2)
        run.takes_s.append(time.perf_counter() - began)


def appended(path: Path, sizes: list[int]) -> float:
    """Return the seconds that appending and synchronising groups of these sizes takes."""
    groups = [os.urandom(size) for size in sizes]
    began = time.perf_counter()
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for group in groups:
        os.write(file, group)
        os.fsync(file)
    os.close(file)
    return time.perf_counter() - began


def synchronised(run: Run) -> float:
    """Return the share of a run in which SQLite wrote and synchronised."""
    return sum(each.sync_s for each in run.commits) / run.wall_s


def row_of(streams: int, runs: list[Run], images: int) -> str:
    """Return the medians over the runs as a row."""

    def median(values: list[float]) -> float:
        return statistics.median(values)

    wall, limit = median([each.wall_s for each in runs]), median([each.limit_s for each in runs])
    ratio = median([each.limit_s / each.wall_s for each in runs])
    cells = [
        f"{2 * images / wall:.0f}",
        f"{images / wall:.0f}",
        f"{2 * images / limit:.0f}",
        f"{ratio:.2f}",
        f"{median([synchronised(each) for each in runs]):.0%}",
        f"{median([each.cpu_s for each in runs]) / (2 * images) * 1e6:.0f}",
    ]
    for values in (
        [each.takes_s for each in runs],
        [[commit.seconds for commit in each.commits] for each in runs],
    ):
        for percent in (50, 99):
            cells.append(f"{median([float(np.percentile(v, percent)) for v in values]) * 1e3:.1f}")
    cells.append(f"{median([2 * images / len(each.commits) for each in runs]):.0f}")
    cells.append(f"{median([each.file_bytes / images for each in runs]):.0f}")
    return f"| {streams} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
