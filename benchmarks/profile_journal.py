"""Where the processor time of the journal's thread goes: SQLite by statement, Python's rest.

Takes of 64 images each are run on this thread, eight to a transaction, without the event
loop. The file is not synchronised: a disk's time is `benchmarks/journal.py`'s matter.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from journal import OBJECTS, Batches, batches, image_ids
from timing import machine

from boxgauge.server.journal import parts
from boxgauge.server.journal.opening import open_journal
from boxgauge.server.journal.take import Asked, take
from boxgauge.server.monitor.rows import GROUND_TRUTH, PREDICTION

TOGETHER = 8
KINDS = {
    "SELECT c": "look up",
    "INSERT INTO sides": "sides",
    "INSERT OR REPLACE INTO current": "index",
    "INSERT INTO changes": "log",
    "COMMIT": "commit",
}


class Timed:
    """A connection that adds up what its statements take."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 (a connection, or what acts as one)
        self._connection = connection
        self.seconds: Counter[str] = Counter()

    def execute(self, statement: str, given: Iterable[Any] = ()) -> Any:  # noqa: ANN401 (a cursor)
        """Run a statement; what a look-up finds is fetched here."""
        is_read = statement.startswith("SELECT c")
        run = self._connection.execute
        return self._timed(
            statement,
            lambda: iter(list(run(statement, given))) if is_read else run(statement, given),
        )

    def executemany(self, statement: str, rows: Iterable[Any]) -> Any:  # noqa: ANN401 (a cursor)
        """Run a statement for many rows."""
        return self._timed(statement, lambda: self._connection.executemany(statement, rows))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the connection has)
        return getattr(self._connection, name)

    def _timed(self, statement: str, run: Callable[[], Any]) -> Any:  # noqa: ANN401 (see above)
        began = time.thread_time()
        result = run()
        kind = next((KINDS[each] for each in KINDS if statement.startswith(each)), "other")
        self.seconds[kind] += time.thread_time() - began
        return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--detections", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(f"{given.images} images, {given.detections} detections and {OBJECTS} true objects each;")
    print(f"CPU µs a side, medians of {given.repeats}.\n")
    ids = image_ids(given.images, are_text=False)
    sides = {
        "predictions": batches("a", ids, PREDICTION.itemsize * given.detections),
        "truth": batches("", ids, GROUND_TRUTH.itemsize * OBJECTS),
    }
    columns = [*KINDS.values(), "other", "Python", "in all"]
    print(f"| | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 1) + "|")
    runs = [one_run(sides) for _ in range(given.repeats)]
    for name in sides:
        cells = [statistics.median(run[name][each] for run in runs) for each in columns]
        print(f"| {name} | {' | '.join(f'{each / given.images * 1e6:.1f}' for each in cells)} |")


def one_run(sides: dict[str, Batches]) -> dict[str, Counter[str]]:
    """Return the seconds by kind, for each side."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        store, _ = open_journal(Path(folder) / "journal.db", wait_s=1)
        store.execute("PRAGMA synchronous = OFF")
        store.execute("BEGIN IMMEDIATE")
        monitor = parts.create(store, "cam", b"")
        store.commit()
        connection = store.connection
        for name, all_of_it in sides.items():
            timed = Timed(connection)
            store.connection = timed
            began = time.thread_time()
            for start in range(0, len(all_of_it), TOGETHER):
                store.execute("BEGIN IMMEDIATE")
                for frames in all_of_it[start : start + TOGETHER]:
                    take(store, monitor, frames, Asked(None, {}, 2))
                store.commit()
            seconds = time.thread_time() - began
            timed.seconds["Python"] = seconds - sum(timed.seconds.values())
            timed.seconds["in all"] = seconds
            found[name] = timed.seconds
        connection.close()
    return found


if __name__ == "__main__":
    main()
