"""A million spoilt messages, thousands of spoilt files: only documented errors may come of them.

Messages are real ones of every method, of which bits are flipped, parts cut, doubled, overwritten
and spliced, or fields set to what nobody expects. All are decoded and validated in worker
processes; a share of them is sent to a running service as well, which must answer each with a
documented status, log no traceback, and say SERVING at the end. Graphs, manifests, journals and
settings are spoilt and opened in processes of their own, whose death is counted. Memory is read
after a tenth and at the end.
"""

import argparse
import asyncio
import faulthandler
import multiprocessing
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
from fuzz_targets import DOCUMENTED, Files, Messages, make_journal
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mutations import spoilt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from served import serve
from timing import machine

from boxgauge.engine import Engine, ModelRepository, find_graphs

CALL_S = 20.0  # a call may take so long before it counts as hung
HANGS_S = 120.0  # and the opening of a file
_BATCH = 500
# MiB that a process may take more at the end than after a tenth: what does not grow with the
# number of things is caches, and monitors that messages create.
_MORE_MIB, _MORE_OF_SERVICE_MIB = 32, 128


@dataclass
class Found:
    """What came of some spoilt things.

    Attributes:
        tried: How many.
        statuses: How often which status.
        unreadable: Messages that are no protobuf.
        faults: What was no documented error: the place, and how to make it again.
        died: Processes that ended by themselves.
        mib: Resident memory after a tenth, and at the end.
    """

    tried: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    faults: list[str] = field(default_factory=list)
    died: int = 0
    mib: tuple[float, float] = (0.0, 0.0)


def main() -> None:
    """Print the table; exit with 1 where anything but a documented error was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=10_000, help="of all kinds")
    parser.add_argument("--sent", type=int, default=20_000, help="messages sent to a service too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shown", type=int, default=20, help="faults that are printed")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; seed {given.seed}.\n", flush=True)
    print("| what | tried | a second | statuses | faults | processes that died | MiB |")
    print("|---|---|---|---|---|---|---|")
    faults = _print_row(
        "messages, decoded and validated", _in_workers(_messages, given.messages, given)
    )
    faults += _print_row(
        "messages, sent to a service",
        [asyncio.run(_sent(given.sent, given.seed))],
        _MORE_OF_SERVICE_MIB,
    )
    faults += _print_row("files and settings", _in_workers(_files, given.files, given))
    for each in sorted(set(faults))[: given.shown]:
        print(f"\n{each}")
    if faults:
        raise SystemExit(1)


def _print_row(
    what: str, parts: "list[tuple[Found, float]]", more_mib: float = _MORE_MIB
) -> list[str]:
    tried = sum(found.tried for found, _ in parts)
    seconds = max(taken for _, taken in parts)
    statuses: Counter[str] = sum((found.statuses for found, _ in parts), Counter())
    shown = ", ".join(f"{count:,} {name}" for name, count in statuses.most_common())
    unreadable = sum(found.unreadable for found, _ in parts)
    if unreadable:
        shown += f", {unreadable:,} no protobuf"
    faults = [each for found, _ in parts for each in found.faults]
    mib = "; ".join(f"{found.mib[0]:.0f} → {found.mib[1]:.0f}" for found, _ in parts)
    died = sum(found.died for found, _ in parts)
    print(
        f"| {what} | {tried:,} | {tried / seconds:,.0f} | {shown} | {len(faults)} | {died}"
        f" | {mib} |",
        flush=True,
    )
    grown = [found.mib for found, _ in parts if found.mib[1] - found.mib[0] > more_mib]
    faults += [f"{what}: a process grew from {a:.0f} to {b:.0f} MiB" for a, b in grown]
    return faults + ["a process died"] * died


Work = Any  # a function of the module: spawned processes find it by its name


def _in_workers(work: Work, count: int, given: argparse.Namespace) -> list[tuple[Found, float]]:
    """Have each worker do its share; one that dies is replaced, and goes on behind that."""
    context = multiprocessing.get_context("spawn")
    share = -(-count // given.workers)
    results: list[tuple[Found, float]] = []
    running = []
    for k in range(given.workers):
        running.append(_start(context, work, share, 0, f"{given.seed} {k}"))
    started = time.monotonic()
    for k, first in enumerate(running):
        (process, ours), found, at = first, Found(), 0
        while at < share:
            try:
                at, part = ours.recv()
            except EOFError:
                process.join()
                found.died += 1
                found.faults.append(
                    f"seed {given.seed} {k}: exit status {process.exitcode} after {at}"
                )
                at += _BATCH
                process, ours = _start(context, work, share, at, f"{given.seed} {k}")
            else:
                _add(found, part)
        process.join()
        results.append((found, time.monotonic() - started))
    return results


def _add(found: Found, part: Found) -> None:
    found.tried += part.tried
    found.statuses += part.statuses
    found.unreadable += part.unreadable
    found.faults += part.faults
    found.mib = (found.mib[0] or part.mib[0], part.mib[1])


def _start(context: Any, work: Work, share: int, at: int, seed: str) -> tuple[Any, Connection]:  # noqa: ANN401
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(share, at, seed, theirs))
    process.start()
    theirs.close()
    return process, ours


def _messages(count: int, at: int, seed: str, out: Connection) -> None:
    """Put messages through; those of a batch depend on nothing before it."""
    warnings.simplefilter("error")  # what numpy warns of was not thought of
    targets = Messages(Engine.open(ModelRepository.open(find_graphs())))
    methods = list(targets.corpus)
    while at < count:
        chosen, part = random.Random(f"{seed} {at}"), Found()
        for k in range(min(_BATCH, count - at)):
            # Half of them bring frames: that is where most of what is read is read.
            method = chosen.choice(methods) if k % 2 else chosen.choice(_FRAMES)
            good = chosen.choice(targets.corpus[method])
            raw, message = spoilt(type(good), good.SerializeToString(), targets.raw, chosen)
            part.tried += 1
            if message is None:
                part.unreadable += 1
                continue
            try:
                part.statuses[targets.put(method, message)] += 1
            except Exception:  # noqa: BLE001 (which is what is looked for)
                part.faults.append(_fault(method, raw))
        at += _BATCH
        _report(out, at, part, count)


_FRAMES = ("/boxgauge.v1.MonitorService/Observe", "/boxgauge.v1.EvaluationService/Evaluate")


def _files(count: int, at: int, seed: str, out: Connection) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    asyncio.run(make_journal(folder / "journal"))
    files = Files(find_graphs(), folder / "journal")
    kinds = list(files.kinds)
    with _quiet():
        while at < count:
            part = Found()
            # Few a batch: what comes after a death in it is not tried.
            for k in range(at, min(at + _BATCH, count)):
                kind, chosen = kinds[k % len(kinds)], random.Random(f"{seed} {k}")
                part.tried += 1
                # What does not end is as bad as what dies, and is counted as that.
                faulthandler.dump_traceback_later(HANGS_S, exit=True)
                try:
                    part.statuses[files.put(kind, chosen)] += 1
                except Exception:  # noqa: BLE001 (which is what is looked for)
                    part.faults.append(_fault(kind, f"{seed} {k}".encode()))
            faulthandler.cancel_dump_traceback_later()
            at += _BATCH
            _report(out, at, part, count)
    files.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Say nothing on standard error: ONNX Runtime complains about every graph."""
    import logging

    import onnxruntime

    logging.disable(logging.CRITICAL)
    onnxruntime.set_default_logger_severity(4)
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        yield


def _report(out: Connection, at: int, part: Found, count: int) -> None:
    mib = _resident_mib()
    part.mib = (mib if at >= count / 10 else 0.0, mib)
    out.send((at, part))


def _fault(what: str, raw: bytes) -> str:
    trace = traceback.format_exc(limit=-4)
    return f"{what}: {trace}{raw[:2000].hex()}"


def _resident_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


async def _sent(count: int, seed: int) -> tuple[Found, float]:
    """Send messages to a service, several at a time, and see that it is well afterwards."""
    found = Found()
    log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
    stderr = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        with serve(report_interval_s=1, max_monitors=1000) as served:
            os.dup2(stderr, 2)
            started = time.monotonic()
            async with aio.insecure_channel(served.address) as channel:
                at = iter(range(count))
                sender = _Sender(channel, seed, found)
                await sender.create()
                tenth: list[float] = []

                async def work() -> None:
                    for k in at:
                        await sender.one(k)
                        if k == count // 10:
                            tenth.append(served.resident_mib())

                await asyncio.gather(*(work() for _ in range(16)))
                health: Any = health_pb2_grpc.HealthStub(channel)
                answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=CALL_S)
                if answer.status != health_pb2.HealthCheckResponse.SERVING:
                    found.faults.append("the service does not say SERVING")
            found.mib = (tenth[0], served.resident_mib())
            seconds = time.monotonic() - started
    finally:
        os.dup2(stderr, 2)
    log.seek(0)
    text = log.read().decode(errors="replace")
    parts = text.split("Traceback (most recent call last)")
    found.faults += [f"the service logged: {each[-3000:]}" for each in parts[1:3]]
    return found, seconds


class _Sender:
    """Sends spoilt messages as bytes, each in a call of its own."""

    def __init__(self, channel: aio.Channel, seed: int, found: Found) -> None:
        self._channel = channel
        self._seed = seed
        self._found = found
        engine = Engine.open(ModelRepository.open(find_graphs()))
        self._targets = Messages(engine)
        self._methods = list(self._targets.corpus)

    async def create(self) -> None:
        """Create the monitors that messages name."""
        method = "/boxgauge.v1.MonitorService/CreateMonitor"
        for each in self._targets.corpus[method]:
            await self._channel.unary_unary(method)(each.SerializeToString(), timeout=CALL_S)

    async def one(self, k: int) -> None:
        """Send one; monitors that are deleted meanwhile are created again now and then."""
        chosen = random.Random(f"{self._seed} sent {k}")
        if k % 100 == 0:
            with _allowed():
                await self.create()
        method = chosen.choice(self._methods) if k % 2 else chosen.choice(_FRAMES)
        good = chosen.choice(self._targets.corpus[method])
        raw, _ = spoilt(type(good), good.SerializeToString(), self._targets.raw, chosen)
        self._found.tried += 1
        try:
            await self._exchange(method, raw)
        except aio.AioRpcError as error:
            status = error.code().name
            self._found.statuses[status] += 1
            if status not in DOCUMENTED:
                self._found.faults.append(
                    f"{method}: {status} {error.details()}\n{raw.hex()[:4000]}"
                )
        else:
            self._found.statuses["OK"] += 1

    async def _exchange(self, method: str, raw: bytes) -> None:
        name = method.rpartition("/")[2]
        if name in ("Observe", "ModelStreamInfer"):
            call: Any = self._channel.stream_stream(method)(timeout=CALL_S)
            await call.write(raw)
            await call.done_writing()
            async for _ in call:
                pass
        elif name == "Evaluate":
            call = self._channel.stream_unary(method)(timeout=CALL_S)
            await call.write(raw)
            await call.done_writing()
            await call
        elif name in ("WatchReport", "ExportTallies"):
            call = self._channel.unary_stream(method)(raw, timeout=CALL_S)
            async for _ in call:
                if name == "WatchReport":
                    call.cancel()
                    return
        else:
            await self._channel.unary_unary(method)(raw, timeout=CALL_S)


@contextmanager
def _allowed() -> Iterator[None]:
    try:
        yield
    except aio.AioRpcError as error:
        # Spoilt requests may have created them with other settings.
        if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
            raise


if __name__ == "__main__":
    main()
