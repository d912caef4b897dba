"""The process that makes reports: ``python -m boxgauge.server.reporting.worker``.

It keeps nothing. It ends when the service has closed its sockets or is gone.
"""

import argparse
import gc
import os
import signal
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from boxgauge.engine import Engine, ModelRepository
from boxgauge.engine.online.warm_up import REPORT_GRAPHS
from boxgauge.engine.pausing import pausing
from boxgauge.frames import BoxGaugeError
from boxgauge.server.allocator import give_back_freed, keep_memory_at_hand
from boxgauge.server.reporting.parcels import packed, unpacked
from boxgauge.server.reporting.spoken import GO_ON, MAY_I, Answer, Opening, Ran

_LARGE = 2**24  # bytes of an answer, behind which freed memory goes back to the system


def main() -> None:
    """Do what comes on each lane, until one of them ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--urgent", type=int, required=True, help="socket of what is waited for")
    parser.add_argument("--patient", type=int, required=True, help="socket of what may pause")
    given = parser.parse_args()
    # A terminal sends its signals to all of its processes: the service says when to end.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    keep_memory_at_hand()
    # Where memory is short the system ends this one, not the service, which starts another.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    urgent, patient = Connection(given.urgent), Connection(given.patient)
    try:
        engine = _opened(urgent)
    except (EOFError, OSError):
        return  # the service has gone meanwhile
    if engine is not None:
        # What stays is not looked through again; what comes is looked through between two answers.
        gc.freeze()
        gc.disable()
        threading.Thread(target=Lane(patient, engine, pauses=True).run, daemon=True).start()
        # In the main thread: without it Python takes no more work for other threads.
        Lane(urgent, engine, pauses=False).run()


def _opened(socket: Connection) -> Engine | None:
    """Open the graphs and say on which provider they run, or why they do not."""
    opening = cast(Opening, unpacked(socket.recv_bytes()))
    try:
        engine = Engine.open(
            ModelRepository.open(opening.graphs),
            providers=opening.providers,
            threads=opening.threads,
            workers=opening.workers,
            names=REPORT_GRAPHS,
            engine_cache=opening.engine_cache,
        )
    except BoxGaugeError as error:
        socket.send_bytes(packed(Answer(None, error, ())))
        return None
    engine.observe_run = _observe
    socket.send_bytes(packed(Answer(engine.provider, None, ())))
    return engine


class Lane:
    """Does what comes on one socket, one after the other.

    Args:
        socket: Where it comes from.
        engine: Holds the graphs.
        pauses: The work asks before each run of a graph whether it may go on.
    """

    def __init__(self, socket: Connection, engine: Engine, *, pauses: bool) -> None:
        self._socket = socket
        self._engine = engine
        self._pauses = pauses
        # A report may run two graphs at a time.
        self._asking = threading.Lock()

    def run(self) -> None:
        """Work until the service closes the socket; then all of this process ends."""
        try:
            while True:
                # In a list, to be let go of as soon as it is unpacked.
                answer = self._answer([self._socket.recv_bytes()])
                with self._asking:
                    self._socket.send_bytes(answer)
                if len(answer) > _LARGE:
                    give_back_freed()
                del answer
                gc.collect()
        except (EOFError, OSError):
            os._exit(0)  # the other lane's work is for nobody either
        except BaseException:  # noqa: BLE001 (no lane may end alone: who asks would wait for ever)
            traceback.print_exc()
            os._exit(1)

    def _answer(self, data: list[bytes]) -> bytes:
        ran: list[Ran] = []
        try:
            made, error = self._done(data, ran), None
        except Exception as fault:  # noqa: BLE001 (it is told to who asked)
            fault.add_note(traceback.format_exc())
            made, error = None, fault
        try:
            return packed(Answer(made, error, tuple(ran)))
        except Exception as fault:  # noqa: BLE001 (what cannot be sent is told in words)
            words = f"{error or 'what was made'} cannot be sent: {fault}"
            return packed(Answer(None, RuntimeError(words), tuple(ran)))

    def _done(self, data: list[bytes], ran: list[Ran]) -> object:
        token = _RAN.set(ran)
        try:
            work = cast(Callable[[], object], unpacked(data.pop(), self._engine))
            if not self._pauses:
                return work()
            with pausing(self._pause):
                return work()
        finally:
            _RAN.reset(token)

    def _pause(self) -> None:
        with self._asking:
            self._socket.send_bytes(MAY_I)
            if self._socket.recv_bytes() != GO_ON:
                raise RuntimeError("the service spoke out of turn")


# Of the work at hand; threads that it starts run in copies of its context.
_RAN: ContextVar[list[Ran] | None] = ContextVar("ran", default=None)


def _observe(graph: str, rows: int, seconds: float) -> None:
    ran = _RAN.get()
    if ran is not None:
        ran.append((graph, rows, seconds))


if __name__ == "__main__":
    main()
