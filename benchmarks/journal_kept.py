"""What a journal costs while it grows: memory, opening it, reading it again, letting go.

Five steps of takes with a checkpoint after each, then a restart that reads the changes
since the checkpoint before the last, then all that is held; then half of it expires.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from journal import OBJECTS, Batches, batches, image_ids
from timing import machine

from boxgauge.server.journal import Change, Journal
from boxgauge.server.monitor.rows import GROUND_TRUTH, PREDICTION

STEPS = 5
PART = bytes(200_000)  # about what a sketch of 500,000 detections takes


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64_000)
    parser.add_argument("--detections", type=int, default=100)
    parser.add_argument("--text-ids", action="store_true")
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(
        f"{given.images} images, {given.detections} detections and {OBJECTS} true objects each.\n"
    )
    ids = image_ids(given.images, are_text=given.text_ids)
    widths = {"a": PREDICTION.itemsize * given.detections, "": GROUND_TRUTH.itemsize * OBJECTS}
    sides = [batches(model, ids, width) for model, width in widths.items()]
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        asyncio.run(kept(Path(folder) / "journal.db", sides, given.images))


async def kept(path: Path, sides: list[Batches], images: int) -> None:
    """Fill a journal, read it again, and let half of it go."""
    journal = await Journal.open(path)
    monitor = await journal.create("cam", b"")
    print("| images | sides/s | checkpoint, ms | memory, MiB | file and log, MiB |")
    print("|---|---|---|---|---|")
    count = len(sides[0])
    covered = number = 0
    for step in range(STEPS):
        span = range(count * step // STEPS, count * (step + 1) // STEPS)
        began = time.perf_counter()
        for k in span:
            for side in sides:
                number = (await journal.take(monitor, side[k], max_models=2)).number
        took = time.perf_counter() - began
        began = time.perf_counter()
        covered = covered if step == STEPS - 1 else number
        await journal.checkpoint(monitor, {"a": {"hour": PART}}, covered)
        cells = (
            str(journal.counts(monitor).labelled),
            f"{sum(len(side[k]) for k in span for side in sides) / took:.0f}",
            f"{(time.perf_counter() - began) * 1e3:.0f}",
            f"{resident_mib():.0f}",
            f"{journal.file_bytes / 2**20:.0f}",
        )
        print(f"| {' | '.join(cells)} |", flush=True)
    await journal.close()
    print(f"\nClosed, the file has {path_bytes(path) / images:.0f} bytes an image.")
    began = time.perf_counter()
    journal = await Journal.open(path)
    print(f"Opened in {time.perf_counter() - began:.2f} s.")
    rate, changes = await rate_of(journal.changes_after(monitor, covered))
    print(f"Changes since the checkpoint: {changes}, {rate:.0f} a second.")
    rate, changes = await rate_of(journal.current(monitor))
    print(f"All that is held: {changes} images, {rate:.0f} a second.")
    began, calls = time.perf_counter(), []
    while True:
        start = time.perf_counter()
        expired = await journal.expire(monitor, images // 2)
        calls.append(time.perf_counter() - start)
        if not expired.more:
            break
    took = time.perf_counter() - began
    print(f"Half of them expired in {took:.2f} s, {max(calls) * 1e3:.0f} ms at most a call;")
    print(f"memory is {resident_mib():.0f} MiB.")
    await journal.close()


async def rate_of(chunks: AsyncIterator[list[Change]]) -> tuple[float, int]:
    """Return changes a second, and how many there are."""
    began, count = time.perf_counter(), 0
    async for each in chunks:
        count += len(each)
    return count / (time.perf_counter() - began), count


def resident_mib() -> float:
    """Return this process's memory now, the frames to be taken included."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def path_bytes(path: Path) -> int:
    """Return the size of a file."""
    return path.stat().st_size


if __name__ == "__main__":
    main()
