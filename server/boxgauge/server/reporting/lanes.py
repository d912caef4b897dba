"""Where reports are made: what somebody waits for, and beside it what nobody waits for."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TypeVar

from boxgauge.engine.pausing import Pause, pausing
from boxgauge.server.reporting.helper import Helper

R = TypeVar("R")


class Lanes:
    """Two threads' worth of work; in this process, or in that of a helper.

    Args:
        urgent: Runs what is waited for.
        patient: Runs what may pause, one at a time.
        helper: Does the work itself; None: the threads do it.
    """

    def __init__(self, urgent: Executor, patient: Executor, helper: Helper | None = None) -> None:
        self._urgent = urgent
        self._patient = patient
        self._helper = helper

    def submit(self, work: Callable[[], R], pause: Pause | None) -> "Future[R]":
        """Have something made.

        Args:
            work: Makes it. For a helper it can be pickled.
            pause: Called before each run of a graph in it; returns when it may begin. None: it is
                urgent, and does not pause.
        """
        if self._helper is not None:
            lane = self._urgent if pause is None else self._patient
            return lane.submit(self._helper.run, work, pause)
        if pause is None:
            return self._urgent.submit(work)
        return self._patient.submit(_patiently, work, pause)


def _patiently(work: Callable[[], R], pause: Pause) -> R:
    with pausing(pause):
        return work()
