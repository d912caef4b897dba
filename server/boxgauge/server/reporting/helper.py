"""A process that makes reports, so that they and the event loop do not share Python's lock."""

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar, cast

from boxgauge.engine.engine import ObserveRun
from boxgauge.engine.pausing import Pause
from boxgauge.frames import UnavailableError
from boxgauge.server.reporting.parcels import packed, unpacked
from boxgauge.server.reporting.spoken import GO_ON, MAY_I, Answer, Opening

_LOG = logging.getLogger(__name__)
_WORKER = "boxgauge.server.reporting.worker"
# Whatever makes the process end may have been an accident once, and the other lane's once.
_ATTEMPTS = 3
# How long it may take to open its graphs. What hangs then is ended: nothing else would.
_OPENING_S = 120.0

R = TypeVar("R")


class Helper:
    """The process: started when it is first needed, and anew where it has ended.

    It keeps nothing: what it was at is sent to the next one. Its methods may be called from any
    thread. It does one piece of work that may pause at a time, and one beside it that may not.

    Args:
        opening: How the process opens its graphs.
        ran: Told of each run of a graph in it.
        ended: Called when it has ended and was not told to.
    """

    def __init__(self, opening: Opening, ran: ObserveRun, ended: Callable[[], None]) -> None:
        self._opening = opening
        self._ran = ran
        self._ended = ended
        self._changing = threading.Lock()
        self._now: _Started | None = None
        self._is_stopped = False

    def resident_bytes(self) -> int:
        """Return the memory that the process takes; 0 where there is none, or it cannot be told."""
        now = self._now
        if now is None:
            return 0
        try:
            pages = Path(f"/proc/{now.process.pid}/statm").read_text().split()[1]
        except (OSError, IndexError):
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def run(self, work: Callable[[], R], pause: Pause | None = None) -> R:
        """Return what the work makes there, or raise what it raises there.

        Args:
            work: Something that can be pickled; an engine in it stands for that of the process.
            pause: The work may pause: called before each run of a graph, here.

        Raises:
            UnavailableError: This was stopped, or the process ended again and again meanwhile.
            GraphError: Its graphs cannot be opened.
        """
        data = packed(work)
        for _ in range(_ATTEMPTS):
            now = self._started()
            lane = now.urgent if pause is None else now.patient
            try:
                said = lane.ask(data, pause)
            except (EOFError, OSError):
                self._bury(now)
                continue
            except BaseException:
                # An answer may be on its way, which would be taken for that of the next work.
                self._bury(now)
                raise
            answer = cast(Answer, unpacked(said))
            for each in answer.ran:
                self._ran(*each)
            if answer.error is not None:
                raise answer.error
            return cast(R, answer.made)
        self._refuse_stopped()
        raise UnavailableError(
            f"the process that makes reports ended {_ATTEMPTS} times while it made this one"
        )

    def stop(self) -> None:
        """End the process, whatever it is at, for good."""
        self._is_stopped = True
        now = self._now
        if now is not None:
            # Who waits for an answer reads the end of its socket.
            now.process.kill()
            now.process.wait()

    def _started(self) -> "_Started":
        with self._changing:
            self._refuse_stopped()
            if self._now is None:
                self._now = self._opened()
            return self._now

    def _opened(self) -> "_Started":
        """Start the process, and have it open its graphs."""
        try:
            now = _Started()
        except OSError as error:
            raise UnavailableError(
                f"the process that makes reports cannot be started: {error.strerror}"
            ) from error
        # To be ended by `stop` meanwhile, which may have come just now.
        self._now = now
        try:
            self._refuse_stopped()
            answer = cast(Answer, unpacked(now.urgent.ask(packed(self._opening), None, _OPENING_S)))
            if answer.error is not None:
                raise answer.error
        except (EOFError, OSError) as error:
            self._now = None
            status = now.end()
            self._refuse_stopped()
            self._ended()
            words = f"the process that makes reports ended as it began, status {status}"
            _LOG.error("%s", words)
            raise UnavailableError(words) from error
        except BaseException:
            self._now = None
            now.end()
            raise
        _LOG.info("process %d makes reports, on %s", now.process.pid, answer.made)
        return now

    def _refuse_stopped(self) -> None:
        if self._is_stopped:
            raise UnavailableError("the service stops: no more reports are made")

    def _bury(self, ended: "_Started") -> None:
        """Let go of a process that has ended; of the two lanes one is told first."""
        with self._changing:
            if self._now is not ended:
                return
            self._now = None
            status = ended.end()
        self._refuse_stopped()
        _LOG.error("the process that makes reports ended with status %s", status)
        self._ended()


class _Started:
    """One process and the service's ends of its lanes."""

    def __init__(self) -> None:
        pairs = [socket.socketpair() for _ in range(2)]
        theirs = [each.fileno() for _, each in pairs]
        # -P: what lies in the working directory is no part of the program.
        command = [sys.executable, "-P", "-m", _WORKER]
        command += [f"--urgent={theirs[0]}", f"--patient={theirs[1]}"]
        self.process = subprocess.Popen(  # noqa: S603 (a part of this program)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=theirs,
            # Signals of a terminal, or of who ends a group, are for the service.
            start_new_session=True,
        )
        for _, each in pairs:
            each.close()
        self.urgent, self.patient = (_Lane(Connection(ours.detach())) for ours, _ in pairs)

    def end(self) -> int:
        """End it and return its status."""
        self.process.kill()
        return self.process.wait()


class _Lane:
    """The service's end of one socket."""

    def __init__(self, ours: Connection) -> None:
        self._socket = ours
        self._asking = threading.Lock()

    def ask(self, data: bytes, pause: Pause | None, limit_s: float | None = None) -> bytes:
        """Return the answer to a message; meanwhile the other side may ask whether to go on.

        Args:
            data: The message.
            pause: Called where it asks.
            limit_s: How long the answer may take; None: as long as it takes.

        Raises:
            EOFError, OSError: The other side has gone, or took too long.
        """
        with self._asking:
            self._socket.send_bytes(data)
            if limit_s is not None and not self._socket.poll(limit_s):
                raise TimeoutError(f"no answer in {limit_s:g} s")
            while (said := self._socket.recv_bytes()) == MAY_I:
                if pause is not None:
                    pause()
                self._socket.send_bytes(GO_ON)
        return said
