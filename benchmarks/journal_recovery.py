"""What the integrity of a journal costs: marks, verification, backups, space that comes back.

The mark's ways of being written are timed beside the synchronisation of a commit, in one folder
and in turn. Then a journal is filled, opened again, backed up while it is filled on, and half of
it expires while as much comes.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from journal import OBJECTS, Batches, batches, image_ids
from timing import machine

from boxgauge.server.journal import Commit, Journal
from boxgauge.server.monitor.rows import GROUND_TRUTH, PREDICTION

_SLOT = 4096
_PART = 2**20


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=32_000)
    parser.add_argument("--detections", type=int, default=100)
    parser.add_argument("--marks", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(f"{given.images} images of {given.detections} detections, {OBJECTS} true objects each.\n")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        marks(Path(folder), given.marks)
        asyncio.run(journal(Path(folder), given))


def marks(folder: Path, count: int) -> None:
    """Print what it takes to write a mark, and a commit of one batch, in several ways."""
    flags = os.O_CREAT | os.O_RDWR
    plain = os.open(folder / "plain", flags)
    direct = os.open(folder / "direct", flags | os.O_DSYNC)
    log = os.open(folder / "log", flags | os.O_APPEND)
    slot, batch = os.urandom(_SLOT), os.urandom(64 * 5600)
    for file in (plain, direct):
        os.pwrite(file, slot * 2, 0)
        os.fsync(file)

    def commit() -> None:
        os.write(log, batch)
        os.fsync(log)

    def synchronised() -> None:
        os.pwrite(plain, slot, 0)
        os.fdatasync(plain)

    ways: dict[str, Callable[[], object]] = {
        "a batch of 64 images, appended and synchronised": commit,
        "the mark, handed to the system (what is done)": lambda: os.pwrite(plain, slot, 0),
        "the mark, O_DSYNC": lambda: os.pwrite(direct, slot, 0),
        "the mark, fdatasync": synchronised,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(count):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            took[name].append(time.perf_counter() - began)
    for file in (plain, direct, log):
        os.close(file)
    print("| written | p50, ms | p99, ms |")
    print("|---|---|---|")
    for name, seconds in took.items():
        ordered = sorted(seconds)
        p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        print(f"| {name} | {statistics.median(ordered) * 1e3:.3f} | {p99 * 1e3:.3f} |")
    print()


async def journal(folder: Path, given: argparse.Namespace) -> None:
    """Print what a journal's opening, backup and expiry take."""
    path = folder / "journal.db"
    ids = image_ids(2 * given.images, are_text=False)
    widths = {"a": PREDICTION.itemsize * given.detections, "": GROUND_TRUTH.itemsize * OBJECTS}
    sides = [batches(model, ids, width) for model, width in widths.items()]
    half = len(sides[0]) // 2
    opened = await Journal.open(path)
    monitor = await opened.create("cam", b"")
    await fill(opened, monitor, sides, range(half))
    await opened.close()

    began, cpu = time.perf_counter(), time.process_time()
    commits: list[Commit] = []
    opened = await Journal.open(path, on_commit=commits.append)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    rows = opened.recovery.rows
    size = path.stat().st_size
    print(
        f"Opened: {rows} rows, {size / 2**20:.0f} MiB, in {took:.2f} s: {rows / took:,.0f} rows/s,"
    )
    print(f"{given.images / took:,.0f} images/s;", end=" ")
    print(f"of the processor {cpu / rows * 1e6:.1f} µs a row.\n")

    quarter = half + half // 4
    await fill(opened, monitor, sides, range(half, quarter))
    alone, commits[:] = [each.seconds for each in commits], []
    copying = asyncio.create_task(copied(opened, folder / "backup"))
    k = quarter
    while not copying.done() and k < half + half // 2:
        await fill(opened, monitor, sides, range(k, k + 1))
        k += 1
    seconds, longest_log = await copying
    await fill(opened, monitor, sides, range(k, k + 4))
    print(
        f"Backup of {size / 2**20:.0f} MiB in {seconds:.2f} s while {2 * 64 * (k - quarter)} sides"
    )
    print(f"came; the log grew to {longest_log / 2**20:.0f} MiB.\n")
    print("| commits | p50, ms | longest, ms |")
    print("|---|---|---|")
    for name, found in (("before", alone), ("during and after", [c.seconds for c in commits])):
        print(f"| {name} | {statistics.median(found) * 1e3:.1f} | {max(found) * 1e3:.1f} |")

    print("\n| step | images held | in use, MiB | free, MiB | file, MiB |")
    print("|---|---|---|---|---|")
    show(opened, monitor, path, "before")
    number = 0
    more = True
    while more:
        more = (await opened.expire(monitor, given.images, limit=1000)).more
    last = [side[-1] for side in sides]
    for side in last:
        number = (await opened.take(monitor, side, max_models=2)).number
    await opened.checkpoint(monitor, {}, number)
    while opened.free_bytes < size // 2:
        await opened.monitors()  # what is covered goes a little with every transaction
    show(opened, monitor, path, "the first half expired")
    await fill(opened, monitor, sides, range(k + 4, 2 * half))
    show(opened, monitor, path, "as many came")
    await opened.close()


async def copied(opened: Journal, target: Path) -> tuple[float, int]:
    """Copy a journal as a backup does; return how long that took, and how large the log was."""
    began, longest = time.perf_counter(), 0
    async with opened.snapshot() as snapshot:
        with target.open("wb") as file:
            for start in range(0, snapshot.size, _PART):
                file.write(await asyncio.to_thread(snapshot.read, start, _PART))
                longest = max(longest, opened.log_bytes)
    return time.perf_counter() - began, longest


async def fill(opened: Journal, monitor: int, sides: list[Batches], span: range) -> None:
    """Take both sides of some batches."""
    for k in span:
        for side in sides:
            await opened.take(monitor, side[k], max_models=2)


def show(opened: Journal, monitor: int, path: Path, step: str) -> None:
    """Print one row about the space that a journal takes."""
    cells = (
        str(opened.counts(monitor).labelled),
        *(
            f"{size / 2**20:.0f}"
            for size in (opened.file_bytes, opened.free_bytes, path.stat().st_size)
        ),
    )
    print(f"| {step} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
