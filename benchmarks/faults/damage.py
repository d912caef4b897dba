"""A journal that is cut, flipped, zeroed, mixed up and robbed of its files: what a start does.

Each run damages a copy of the files that a killed process left, opens it without accepting a
loss, and with that where it was refused. It is right where all rows that are served are those
that were acknowledged, where it refuses exactly if some are gone, and where the numbers that are
gone are named; where the log is cut or flipped, the commits that are gone are known beforehand
from the log's own format. Anything else ends the script with the seed that shows it.
"""

import argparse
import asyncio
import logging
import math
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from damaged_journal import (
    MARK_BEFORE,
    OLDER,
    Truth,
    Verdict,
    WrongError,
    commits_within,
    fill,
    frames_of_last_commit,
    judged,
    must,
    placed,
    read_back,
)

_PAGE = 4096
_LAST = 4096  # bytes of the log that are cut one by one


@dataclass(frozen=True, slots=True)
class Case:
    """One damage.

    Attributes:
        kind: A row of the table.
        apply: What it does to the files.
        lost_commits: How many are gone by it; None: that is for the judge to find out.
        is_unacknowledged: What is damaged was never acknowledged.
    """

    kind: str
    apply: Callable[[Path], None]
    lost_commits: int | None = None
    is_unacknowledged: bool = False


def cases(kept: Path, *, runs: int, cut_step: int, seed: int) -> Iterator[Case]:
    """Yield all damages: every cut, and so many of each random kind."""
    log = (kept / "journal-wal").read_bytes()
    size = (kept / "journal").stat().st_size
    every = commits_within(log, len(log))
    for length in range(len(log) - _LAST, len(log), cut_step):
        lost = every - commits_within(log, length)
        yield Case("log cut in its last 4 KiB", _cut("-wal", length), lost)
    for length in range(frames_of_last_commit(log), len(log), cut_step * 4):
        yield Case("the same, not acknowledged", _unacknowledged(kept, length), 0, True)
    draw = random.Random(seed)
    for _ in range(runs):
        length = draw.randrange(len(log))
        yield Case("log cut anywhere", _cut("-wal", length), every - commits_within(log, length))
        at = draw.randrange(len(log))
        yield Case("a bit of the log", _flip("-wal", at, draw), every - commits_within(log, at))
        yield Case("a bit of the file", _flip("", draw.randrange(size), draw))
        yield Case("a bit of its first page", _flip("", draw.randrange(_PAGE), draw))
        yield Case("20 bytes of the file", _scatter(size, 20, draw.randrange(2**32)))
        yield Case("a page zeroed", _page(draw.randrange(size // _PAGE), None))
        pages = draw.randrange(size // _PAGE), draw.randrange(size // _PAGE)
        yield Case("a page written elsewhere, too", _page(*pages))
        yield Case("a page as it was before", _older(kept, draw))
        yield Case("file cut", _cut("", draw.randrange(size)))
        yield Case("a bit of the mark", _flip("-mark", draw.randrange(3 * _PAGE), draw))
    yield Case("no log", _removed("-wal"), every)
    yield Case("no mark", _removed("-mark"))
    yield Case("no file", _removed(""))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300, help="of each random kind")
    parser.add_argument("--cut-step", type=int, default=1, help="bytes between two cuts")
    parser.add_argument("--seconds", type=float, default=math.inf, help="after which it ends")
    parser.add_argument("--images", type=int, default=48)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        asyncio.run(campaign(Path(folder), given))


async def campaign(folder: Path, given: argparse.Namespace) -> None:
    """Judge all cases, and print how they went."""
    kept, began = folder / "kept", time.monotonic()
    truth = await fill(folder / "journal", kept, images=given.images)
    told: dict[str, Counter[str]] = {}
    for case in cases(kept, runs=given.runs, cut_step=given.cut_step, seed=given.seed):
        if time.monotonic() - began > given.seconds:
            break
        path = placed(kept, folder / "run")
        case.apply(path)
        try:
            outcome = await outcome_of(path, truth, case)
        except WrongError as error:
            sys.exit(f"{case.kind}, seed {given.seed}, files in {path.parent}: {error}")
        told.setdefault(case.kind, Counter())[outcome] += 1
    sizes = [(kept / f"journal{each}").stat().st_size for each in ("", "-wal")]
    print(f"File of {sizes[0]} bytes, log of {sizes[1]}, {len(truth.held)} sides held; seed")
    print(f"{given.seed}; {sum(map(Counter.total, told.values()))} runs in", end=" ")
    print(f"{time.monotonic() - began:.0f} s.\n")
    print("| damage | runs | nothing gone, opened | repaired | refused, as rows are gone | wrong |")
    print("|---|---|---|---|---|---|")
    for kind, counts in told.items():
        cells = (counts.total(), *(counts[each] for each in ("whole", "repaired", "refused")))
        print(f"| {kind} | {' | '.join(map(str, cells))} | 0 |")


async def outcome_of(path: Path, truth: Truth, case: Case) -> str:
    """Return what a start does, checked against what the case says.

    Raises:
        WrongError: It is not what was promised.
    """
    if case.is_unacknowledged:
        held = await read_back(path)
        must(held in (truth.before, truth.held), "the last call is there or not, as a whole")
        return "whole"
    verdict = await judged(path, truth)
    if case.lost_commits is not None:
        must(
            _commits(verdict) == case.lost_commits,
            f"{case.lost_commits} commits are gone, and {_commits(verdict)} are said to be",
        )
    return verdict.outcome


def _commits(verdict: Verdict) -> int:
    first, last = verdict.loss.commits or (1, 0)
    return last - first + 1


def _cut(suffix: str, length: int) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with path.with_name(f"{path.name}{suffix}").open("r+b") as file:
            file.truncate(length)

    return apply


def _unacknowledged(kept: Path, length: int) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        _cut("-wal", length)(path)
        mark = path.with_name(f"{path.name}-mark")
        mark.write_bytes((kept / MARK_BEFORE).read_bytes())

    return apply


def _flip(suffix: str, at: int, draw: random.Random) -> Callable[[Path], None]:
    bit = 1 << draw.randrange(8)

    def apply(path: Path) -> None:
        with path.with_name(f"{path.name}{suffix}").open("r+b") as file:
            file.seek(at)
            (found,) = file.read(1)
            file.seek(at)
            file.write(bytes([found ^ bit]))

    return apply


def _scatter(size: int, count: int, seed: int) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        draw = random.Random(seed)
        with path.open("r+b") as file:
            for _ in range(count):
                file.seek(draw.randrange(size))
                file.write(draw.randbytes(1))

    return apply


def _page(at: int, source: int | None) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        raw = path.read_bytes()
        page = bytes(_PAGE) if source is None else raw[source * _PAGE :][:_PAGE]
        _write(path, at * _PAGE, page)

    return apply


def _older(kept: Path, draw: random.Random) -> Callable[[Path], None]:
    older = (kept / OLDER).read_bytes()
    newer = (kept / "journal").read_bytes()
    starts = range(0, len(older), _PAGE)
    at = draw.choice([k for k in starts if older[k : k + _PAGE] != newer[k : k + _PAGE]])
    return lambda path: _write(path, at, older[at : at + _PAGE])


def _removed(suffix: str) -> Callable[[Path], None]:
    return lambda path: path.with_name(f"{path.name}{suffix}").unlink()


def _write(path: Path, at: int, page: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(page)


if __name__ == "__main__":
    main()
