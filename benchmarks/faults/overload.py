"""Ten times the load that the service can take: what it still gets done, and what it refuses.

The service runs on one core, the load on another. First few clients keep full windows, closed
loop: the peak. Then ten times as many; and then calls of one message each with a deadline begin at
random moments, at ten times the peak's rate, whether or not any ends. Goodput is what was
acknowledged, in the deadline, per second; beside it per second of the service's processor, which
other work on the machine does not change.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from load import Messages, Outcomes, calls, create, pinned, streams
from watched import Watch, served_on_core, watched

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from served import Served
from timing import machine

CLIENTS, FACTOR = 4, 10
Row = tuple[str, Outcomes, Watch]


def main() -> None:
    """Print the table, and fail where a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="of each kind of load")
    parser.add_argument("--images", type=int, default=64, help="in a message")
    parser.add_argument("--deadline", type=float, default=2.0, help="of a call, seconds")
    parser.add_argument("--cores", type=int, nargs=2, default=(0, 1), help="service, load")
    parser.add_argument(
        "--journal", type=Path, help="file of the journal; default: a temporary one"
    )
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    with (
        served_on_core(given.cores[0], journal=given.journal) as served,
        pinned(given.cores[1]),
    ):
        _print_head()
        rows = asyncio.run(_measured(served, given))
    if any(found.refused != found.with_retry for _, found, _ in rows):
        raise SystemExit("a refusal does not say when to try again")


async def _measured(served: Served, given: argparse.Namespace) -> list[Row]:
    await create(served.address)
    messages = Messages(given.images)
    rows: list[Row] = []

    async def measure(name: str, load: Callable[[], Awaitable[Outcomes]]) -> Outcomes:
        async with watched(served) as watch:
            outcomes = await load()
        rows.append((name, outcomes, watch))
        _print_row(rows[-1], rows[0])
        return outcomes

    def few() -> Awaitable[Outcomes]:
        return streams(served.address, CLIENTS, messages, given.seconds)

    await streams(served.address, CLIENTS, messages, 3)  # fills what is filled once
    peak = await measure(f"{CLIENTS} clients, closed loop: the peak", few)
    await measure(
        f"{FACTOR * CLIENTS} clients, closed loop",
        lambda: streams(served.address, FACTOR * CLIENTS, messages, given.seconds),
    )
    await measure(f"{CLIENTS} clients again", few)
    rate = FACTOR * peak.rate / given.images
    await measure(
        f"{FACTOR} × the peak's rate in calls of {given.deadline:g} s",
        lambda: calls(
            served.address,
            rate,
            messages,
            given.seconds,
            channels=2 * CLIENTS,
            deadline_s=given.deadline,
        ),
    )
    await measure(f"{CLIENTS} clients once more", few)
    return rows


def _print_head() -> None:
    print(
        "| load | images/s | of the peak | images a CPU second | of the peak | p50 ms | p99 ms |"
        " refused | with retry information | other failures | most MiB |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")


def _print_row(row: Row, first: Row) -> None:
    name, found, watch = row
    failures = ", ".join(f"{count} {code}" for code, count in found.failed.items()) or "0"
    print(
        f"| {name} | {found.rate:,.0f} | {found.rate / first[1].rate:.0%} | {_by_cpu(row):,.0f}"
        f" | {_by_cpu(row) / _by_cpu(first):.0%} | {found.quantile_ms(0.5):,.0f}"
        f" | {found.quantile_ms(0.99):,.0f} | {found.refused:,} | {found.with_retry:,}"
        f" | {failures} | {max(watch.mib):,.0f} |",
        flush=True,
    )


def _by_cpu(row: Row) -> float:
    _, found, watch = row
    return found.all_images / watch.cpu_s


if __name__ == "__main__":
    main()
