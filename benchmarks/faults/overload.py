"""Ten times the load that the service can take: what it still gets done, and what it refuses.

The service runs on one core, the load on another. First few clients keep full windows, closed
loop: the peak. Then ten times as many; and then calls of one message each with a deadline begin at
random moments, at ten times the peak's rate, whether or not any ends. Goodput is what was
acknowledged, in the deadline, per second; beside it per second of the service's processor, which
other work on the machine does not change.

A bystander, a process of its own on the load's core, sends single images and asks for the
service's health now and then. Its p99 beside ten times the load is held against that beside the
peak; what it is beside nobody is printed, too. The last table says what is claimed, and the
script fails where that does not hold.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bystander import Bystander, Seen, quantile_ms, standing_by
from load import WARM_S, Messages, Outcomes, calls, create, pinned, streams
from verdicts import Verdicts
from watched import Watch, served_on_core, watched

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from served import Served
from timing import machine

CLIENTS = 4
_LATE = 0.05  # of a call's deadline, by which the load may itself be late
EVERY_S = 0.2  # the bystander's calls of each kind
Load = Callable[[], Coroutine[Any, Any, Outcomes]]


@dataclass(frozen=True)
class Row:
    """One kind of load, and what was seen of it."""

    name: str
    found: Outcomes
    watch: Watch
    seen: Seen

    @property
    def by_cpu(self) -> float:
        """Return the load's images a second of the service's processor."""
        return self.found.all_images / self.watch.cpu_s


@dataclass(frozen=True)
class Rows:
    """What was measured; the peak is measured before, between and after the others."""

    nobody: Row
    peaks: tuple[Row, ...]
    streams: Row
    calls: Row


def main() -> None:
    """Print the tables, and fail where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=16, help="of each kind of load")
    parser.add_argument("--times", type=int, default=10, help="the load at the peak")
    parser.add_argument("--images", type=int, default=64, help="in a message")
    parser.add_argument("--deadline", type=float, default=2.0, help="of a call, seconds")
    parser.add_argument("--cores", type=int, nargs=2, default=(0, 1), help="service, load")
    parser.add_argument(
        "--journal", type=Path, help="file of the journal; default: a temporary one"
    )
    parser.add_argument("--least", type=float, default=0.9, help="goodput, as a share of the peak")
    parser.add_argument(
        "--least-calls",
        type=float,
        default=0.0,
        help="the same, of calls of one message each, of which nothing is claimed: each that is"
        " refused costs the processor",
    )
    parser.add_argument("--most-mib", type=float, default=1024, help="resident memory, at any time")
    parser.add_argument(
        "--most-times", type=float, default=2.0, help="the bystander's p99 beside the peak"
    )
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    with (
        served_on_core(given.cores[0], journal=given.journal) as served,
        pinned(given.cores[1]),
    ):
        rows = asyncio.run(_measured(served, given))
    judge(rows, given).settle()


async def _measured(served: Served, given: argparse.Namespace) -> Rows:
    await create(served.address)
    messages = Messages(given.images)
    async with standing_by(served.address, every_s=EVERY_S) as bystander:
        peaks: list[Row] = []

        async def measure(name: str, load: Load) -> Row:
            row = await _row(name, load, served, bystander, given.seconds)
            _print_row(row, peaks[0] if peaks else None)
            return row

        async def few(name: str) -> None:
            row = await measure(
                name, lambda: streams(served.address, CLIENTS, messages, given.seconds)
            )
            peaks.append(row)

        _print_head()
        nobody = await measure("nobody", lambda: _nobody(given.seconds))
        await streams(served.address, CLIENTS, messages, 3)  # fills what is filled once
        await few(f"{CLIENTS} clients, closed loop: the peak")
        many = await measure(
            f"{given.times * CLIENTS} clients, closed loop",
            lambda: streams(served.address, given.times * CLIENTS, messages, given.seconds),
        )
        await few(f"{CLIENTS} clients again")
        rate = given.times * _mean(peaks, lambda row: row.found.rate) / given.images
        single = await measure(
            f"{given.times} × the peak's rate in calls of one message, {given.deadline:g} s each",
            lambda: calls(
                served.address,
                rate,
                messages,
                given.seconds,
                channels=2 * CLIENTS,
                deadline_s=given.deadline,
            ),
        )
        await few(f"{CLIENTS} clients once more")
    return Rows(nobody, tuple(peaks), many, single)


async def _row(name: str, load: Load, served: Served, bystander: Bystander, seconds: float) -> Row:
    """Run a load, and let the bystander call while it is what it is meant to be."""
    await bystander.begin()  # before, as one whose stream was there
    async with watched(served) as watch:
        loading = asyncio.create_task(load())
        await asyncio.sleep(WARM_S)
        await bystander.count()
        await asyncio.sleep(seconds)
        seen = await bystander.end()
        found = await loading
    return Row(name, found, watch, seen)


async def _nobody(seconds: float) -> Outcomes:
    await asyncio.sleep(WARM_S + seconds)
    return Outcomes(seconds=seconds)


def judge(rows: Rows, given: argparse.Namespace) -> Verdicts:
    """Hold what was measured against what is claimed."""
    verdicts = Verdicts()
    measured = (rows.nobody, *rows.peaks, rows.streams, rows.calls)
    beside_peak = sum((each.seen for each in rows.peaks), Seen())
    for row, least in ((rows.streams, given.least), (rows.calls, given.least_calls)):
        for unit, of in (
            ("images/s", lambda row: row.found.rate),
            ("images a CPU second", lambda row: row.by_cpu),
        ):
            share = of(row) / _mean(rows.peaks, of)
            verdicts.at_least(f"{row.name}: {unit} of the peak's", 100 * share, 100 * least, "%")
    for row, calls_of in (
        (rows.streams, "images"),
        (rows.streams, "health"),
        # Not health: among so many calls a new one waits until gRPC has taken those before it.
        (rows.calls, "images"),
    ):
        beside, peak = (
            quantile_ms(getattr(seen, calls_of), 0.99) for seen in (row.seen, beside_peak)
        )
        verdicts.below(
            f"beside {row.name}: the bystander's p99 of {calls_of}",
            beside,
            given.most_times * peak,
            " ms",
        )
    verdicts.below(
        f"{rows.calls.name}: the load was made, half of the time later than due by",
        rows.calls.found.lag_ms,
        1e3 * _LATE * given.deadline,
        " ms",
    )
    for row in (*rows.peaks, rows.streams):
        verdicts.holds(
            f"{row.name}: what is not acknowledged is refused",
            is_kept=not row.found.failed,
            found=_counted(row.found.failed),
        )
    without = sum(row.found.refused - row.found.with_retry for row in measured)
    verdicts.holds("refusals say when to try again", is_kept=not without, found=f"{without} do not")
    verdicts.below(
        "resident memory, the most at any time",
        max(max(row.watch.mib) for row in measured),
        given.most_mib,
        " MiB",
    )
    return verdicts


def _mean(rows: list[Row] | tuple[Row, ...], of: Callable[[Row], float]) -> float:
    return sum(map(of, rows)) / len(rows)


def _print_head() -> None:
    print(
        "| load | images/s | of the peak | images a CPU second | of the peak | p50 ms | p99 ms"
        " | refused | with retry information | other failures | bystander: image p50, p99 ms"
        " | health p50, p99 ms | most MiB |"
    )
    print("|---" * 13 + "|")


def _print_row(row: Row, first: Row | None) -> None:
    found, first = row.found, first or row
    if found.all_images:
        cells = [
            f"{found.rate:,.0f} | {found.rate / first.found.rate:.0%}",
            f"{row.by_cpu:,.0f} | {row.by_cpu / first.by_cpu:.0%}",
            f"{found.quantile_ms(0.5):,.0f} | {found.quantile_ms(0.99):,.0f}",
            f"{found.refused:,} | {found.with_retry:,} | {_counted(found.failed)}",
        ]
    else:
        cells = [" "] * 8
    seen = [
        ", ".join(f"{quantile_ms(each, share):,.1f}" for share in (0.5, 0.99))
        for each in (row.seen.images, row.seen.health)
    ]
    cells += [*seen, f"{max(row.watch.mib):,.0f}"]
    print(f"| {row.name} | {' | '.join(cells)} |", flush=True)


def _counted(failed: dict[str, int]) -> str:
    return ", ".join(f"{count} {code}" for code, count in failed.items()) or "0"


if __name__ == "__main__":
    main()
