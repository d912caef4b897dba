"""The service as a process that may be killed at any moment, and started again over its journal."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import orjson

START_S, STOP_S = 120.0, 30.0
_POLL_S = 0.002


@dataclass
class Faulted:
    """One process of ``boxgauge serve``.

    Attributes:
        process: Of the system.
        journal: Its file.
        started: `time.monotonic` when it was started.
        opened: When the journal's file was seen open; 0: not yet, or nobody looked.
        ready: When it said that it is ready; 0: not yet.
        address: Of gRPC, once ready.
        metrics_url: Once ready.
        log: What it wrote on standard error.
    """

    process: asyncio.subprocess.Process
    journal: Path
    started: float
    opened: float = 0.0
    ready: float = 0.0
    address: str = ""
    metrics_url: str = ""
    log: list[str] = field(default_factory=list)
    _readers: list["asyncio.Task[None]"] = field(default_factory=list)
    _is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    _logged: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def start(cls, journal: Path, **settings: object) -> "Faulted":
        """Start a process over this journal and return at once; it becomes ready later."""
        asked = {f"BOXGAUGE_{k.upper()}": str(v) for k, v in settings.items()}
        ports = ("--port", "0", "--metrics-port", "0")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "boxgauge.cli",
            "serve",
            *ports,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"BOXGAUGE_JOURNAL": str(journal), "PYTHONFAULTHANDLER": "1"} | asked,
        )
        made = cls(process, journal, time.monotonic())
        made._readers = [asyncio.create_task(each) for each in (made._listen(), made._collect())]
        return made

    @property
    def is_running(self) -> bool:
        """Whether the process is still there."""
        return self.process.returncode is None

    async def until_opened(self) -> bool:
        """Wait until the journal's file is open; say whether that was before it was ready."""
        descriptors = Path(f"/proc/{self.process.pid}/fd")
        while self.is_running and not self.ready:
            if time.monotonic() > self.started + START_S:
                raise TimeoutError("the journal was not opened in time")
            if self._has_open(descriptors):
                self.opened = time.monotonic()
                return True
            await asyncio.sleep(_POLL_S)
        return False

    async def until_ready(self) -> None:
        """Wait until it takes calls.

        Raises:
            RuntimeError: It ended before; says what it logged.
        """
        ended = asyncio.create_task(self.process.wait())
        ready = asyncio.create_task(self._is_ready.wait())
        await asyncio.wait({ended, ready}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if not self.ready:
            await self.gone()
            text = "\n".join(self.log[-30:])
            raise RuntimeError(f"the service did not start ({self.process.returncode}):\n{text}")
        ended.cancel()

    async def until_logged(self, text: str, timeout_s: float) -> bool:
        """Wait until it logs this from now on, and say whether it has."""
        seen, deadline = len(self.log), time.monotonic() + timeout_s
        while not any(text in line for line in self.log[seen:]):
            self._logged.clear()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self._logged.wait()
            except TimeoutError:
                return False
            if not self.is_running:
                return False
        return True

    async def end(self, with_signal: signal.Signals) -> int:
        """Send a signal and return the exit status once it is gone."""
        self.process.send_signal(with_signal)
        return await self.gone()

    async def gone(self) -> int:
        """Return the exit status once the process is gone and its log is read.

        Raises:
            RuntimeError: It does not end; says what it logged, and where its threads are.
        """
        try:
            async with asyncio.timeout(STOP_S):
                status = await self.process.wait()
        except TimeoutError:
            self.process.send_signal(signal.SIGABRT)  # Python's fault handler tells where it is
            status = await self.process.wait()
            await asyncio.gather(*self._readers)
            text = "\n".join(self.log[-120:])
            raise RuntimeError(f"the service does not end in {STOP_S} s:\n{text}") from None
        await asyncio.gather(*self._readers)
        return status

    def _has_open(self, descriptors: Path) -> bool:
        try:
            return any(os.readlink(each) == str(self.journal) for each in descriptors.iterdir())
        except OSError:  # a descriptor, or the process, that has just gone
            return False

    async def _listen(self) -> None:
        async for line in _lines(self.process.stdout):
            said = orjson.loads(line)
            if said.get("event") == "ready":
                self.address, self.metrics_url = said["address"], said["metrics"]
                self.ready = time.monotonic()
                self._is_ready.set()

    async def _collect(self) -> None:
        async for line in _lines(self.process.stderr):
            self.log.append(line.decode(errors="replace").rstrip())
            self._logged.set()
        self._logged.set()


class Services:
    """Processes over one journal, one after the other; the last one does not outlive this.

    Args:
        journal: Its file.
        settings: Of each of them.
    """

    def __init__(self, journal: Path, **settings: object) -> None:
        self.journal = journal
        self._settings = settings
        self._last: Faulted | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._last is not None and self._last.is_running:
            await self._last.end(signal.SIGKILL)

    async def start(self) -> Faulted:
        """Start the next one and return at once; it becomes ready later."""
        self._last = await Faulted.start(self.journal, **self._settings)
        return self._last


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    if stream is not None:
        async for line in stream:
            yield line
