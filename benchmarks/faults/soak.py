"""Half load for half an hour: memory and file descriptors must not grow.

First the peak, a few seconds of full windows; then messages at half that rate, evenly, from
several senders, one of which connects anew every minute; beside them reports, scrapes of the
metrics and watches that are begun and left. Event time runs with the clock, and the monitor's ring
is small: its two minutes, the hours and the retention are full soon, so that what comes in goes
out again.
The slope is a line through the samples after the warm-up, least squares; samples are not
independent, so its interval is that of the means of blocks of a minute.

The last table says what is claimed: memory does not grow, which is that the interval of its slope
reaches down to 0 or ends below a small number, and is narrow enough to tell; descriptors are as
many at the end as they were. The script fails where that does not hold.
"""

import argparse
import asyncio
import itertools
import random
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from grpc import aio
from load import MODEL, MONITOR, Messages, Outcomes, connected, create, streams
from verdicts import Verdicts
from watched import Watch, served_on_core, watched

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from served import Served
from timing import machine

from boxgauge.v1 import monitor_pb2 as pb
from boxgauge.v1 import monitor_pb2_grpc as rpc

SENDERS, EVERY_S = 4, 5.0
_MORE_FILES = 2.0  # that come and go with the sender and the watch that connect anew
RETENTION_S = 120.0  # frames are forgotten after this, so that the journal's size levels off
_T = {  # 0.975 quantiles of Student's t by degrees of freedom; beyond 30 the next lower one
    **dict(enumerate((12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23), 1)),
    **dict(enumerate((2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09, 2.09), 11)),
    **dict(enumerate((2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04), 21)),
}


def main() -> None:
    """Print the tables, and fail where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--warm", type=float, default=0.25, help="share of the time, not counted")
    parser.add_argument("--images", type=int, default=16, help="in a message")
    parser.add_argument(
        "--journal", type=Path, help="file of the journal; default: a temporary one"
    )
    parser.add_argument(
        "--most-mib-h", type=float, default=8, help="growth of memory that is none, MiB an hour"
    )
    parser.add_argument(
        "--most-error-mib-h", type=float, default=60, help="half of an interval that still tells"
    )
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    with served_on_core(None, journal=given.journal) as served:
        verdicts = asyncio.run(_soak(served, given))
    verdicts.settle()


async def _soak(served: Served, given: argparse.Namespace) -> Verdicts:
    await create(served.address, retention_s=RETENTION_S)
    messages = Messages(given.images)
    peak = await streams(served.address, SENDERS, messages, 10)
    rate = peak.rate / 2 / given.images
    outcomes = Outcomes()
    end = time.monotonic() + given.minutes * 60
    async with watched(served, EVERY_S) as watch:
        # A watch that waits for a change waits for ever once nothing is sent.
        watching = asyncio.create_task(_watch(served))
        await asyncio.gather(
            *(_send(served, messages, rate / SENDERS, k, end, outcomes) for k in range(SENDERS)),
            _ask(served, end),
            _scrape(served, end),
        )
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    outcomes.seconds = watch.times[-1]
    counted = Counted.of(watch, given.warm)
    _print(peak, outcomes, watch, counted)
    return judge(counted, given)


async def _send(
    served: Served, messages: Messages, rate: float, k: int, end: float, outcomes: Outcomes
) -> None:
    """Send at an even rate; the first sender begins a new connection each minute."""
    due = time.monotonic() + k / rate / SENDERS
    while due < end:
        until = min(end, time.monotonic() + 60) if k == 0 else end
        async with connected(served.address) as (_, observe):
            call = observe()
            sent: asyncio.Queue[float | None] = asyncio.Queue()

            async def receive(call: Any = call, sent: Any = sent) -> None:  # noqa: ANN401
                while (started := await sent.get()) is not None:
                    answer = await call.read()
                    if answer is aio.EOF:
                        await call
                    outcomes.images += answer.accepted // 2
                    outcomes.latencies_s.append(time.monotonic() - started)

            receiver = asyncio.create_task(receive())
            while due < until:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                sent.put_nowait(time.monotonic())
                await call.write(messages.one())
                due += 1 / rate
            sent.put_nowait(None)
            await receiver
            await call.done_writing()


async def _ask(served: Served, end: float) -> None:
    """Ask for reports, fresh and older ones."""
    async with aio.insecure_channel(served.address) as channel:
        stub: Any = rpc.MonitorServiceStub(channel)
        for k in itertools.count():
            if time.monotonic() > end:
                return
            await stub.GetReport(
                pb.GetReportRequest(monitor=MONITOR, model=MODEL, max_age_s=10 * (k % 2))
            )
            await asyncio.sleep(random.uniform(0.5, 1.5))


async def _scrape(served: Served, end: float) -> None:
    """Scrape the metrics every five seconds."""

    def read() -> None:
        with urllib.request.urlopen(served.metrics_url, timeout=30) as answer:  # noqa: S310 (our own address)
            answer.read()

    while time.monotonic() < end:
        await asyncio.to_thread(read)
        await asyncio.sleep(5)


async def _watch(served: Served) -> None:
    """Watch for some reports, leave without a word, and watch again."""
    while True:
        async with connected(served.address) as (channel, _):
            stub: Any = rpc.MonitorServiceStub(channel)
            watching = stub.WatchReport(
                pb.WatchReportRequest(monitor=MONITOR, model=MODEL, interval_s=1)
            )
            for _ in range(3):
                await watching.read()


@dataclass(frozen=True)
class Counted:
    """Samples after the warm-up and under load, and lines through them.

    Attributes:
        first: Number of the first sample that counts.
        mib_h, error_mib_h: Slope of resident memory an hour, and half of its 95% interval.
        files_h, error_files_h: The same of file descriptors.
        files: File descriptors: means of the first and of the last quarter of these samples.
    """

    first: int
    mib_h: float
    error_mib_h: float
    files_h: float
    error_files_h: float
    files: tuple[float, float]

    @classmethod
    def of(cls, watch: Watch, warm: float) -> Self:
        """Leave out this share of the time, and the last sample: connections are closed then."""
        times, mib, files = (np.array(each) for each in (watch.times, watch.mib, watch.files))
        counted = (times >= warm * times[-1]) & (np.arange(len(times)) < len(times) - 1)
        hours, files = times[counted] / 3600, files[counted]
        quarter = max(1, len(files) // 4)
        ends = float(files[:quarter].mean()), float(files[-quarter:].mean())
        return cls(
            int(np.argmax(counted)), *_slope(hours, mib[counted]), *_slope(hours, files), ends
        )


def judge(counted: Counted, given: argparse.Namespace) -> Verdicts:
    """Hold the slopes against what is claimed."""
    verdicts = Verdicts()
    low, high = counted.mib_h - counted.error_mib_h, counted.mib_h + counted.error_mib_h
    verdicts.holds(
        f"memory does not grow: the interval reaches 0 or ends below {given.most_mib_h:g} MiB/h",
        is_kept=low <= 0 or high < given.most_mib_h,
        found=f"{low:+.1f} to {high:+.1f} MiB/h",
    )
    verdicts.below(
        "the interval is narrow enough to tell: half of it",
        counted.error_mib_h,
        given.most_error_mib_h,
        " MiB/h",
    )
    begin, end = counted.files
    verdicts.below("descriptors are flat: at the end more than before", end - begin, _MORE_FILES)
    return verdicts


def _print(peak: Outcomes, outcomes: Outcomes, watch: Watch, counted: Counted) -> None:
    print(
        f"The peak was {peak.rate:,.0f} images/s; {outcomes.images:,} images in"
        f" {outcomes.seconds / 60:.1f} min are {outcomes.rate:,.0f} images/s,"
        f" p50 {outcomes.quantile_ms(0.5):.1f} ms, p99 {outcomes.quantile_ms(0.99):.1f} ms.\n"
    )
    mib, files, after = watch.mib, watch.files, counted.first
    print("| | begin | after the warm-up | end | most | slope |\n|---|---|---|---|---|---|")
    print(
        f"| resident MiB | {mib[0]:.0f} | {mib[after]:.0f} | {mib[-1]:.0f} | {max(mib):.0f}"
        f" | {counted.mib_h:+.1f} ± {counted.error_mib_h:.1f} MiB/h |"
    )
    print(
        f"| file descriptors | {files[0]} | {files[after]} | {files[-1]} | {max(files)}"
        f" | {counted.files_h:+.1f} ± {counted.error_files_h:.1f} /h |"
    )


def _slope(hours: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Return the slope of a line and half of its 95% interval, over blocks of a minute."""
    blocks = (hours * 60).astype(int)
    x, y = (
        np.array([each[blocks == block].mean() for block in np.unique(blocks)])
        for each in (hours, values)
    )
    if len(x) < 4:
        return float(np.polyfit(hours, values, 1)[0]), float("nan")
    slope, intercept = np.polyfit(x, y, 1)
    freedom = len(x) - 2
    spread = np.sqrt(((y - slope * x - intercept) ** 2).sum() / freedom)
    error = spread / np.sqrt(((x - x.mean()) ** 2).sum())
    return float(slope), float(_T[min(freedom, 30)] * error)


if __name__ == "__main__":
    main()
