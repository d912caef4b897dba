"""Files whose changes are taken over while the service runs."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from boxgauge.frames import InvalidInputError

_LOG = logging.getLogger(__name__)

Contents = tuple[bytes, ...]


class Looks(Protocol):
    """Whatever can be looked at."""

    def look(self) -> None:
        """Take over what has changed."""


class Watched:
    """One thing that is read from files: sound changes are taken, bad ones leave it as it was.

    Contents are compared, not times: a file replaced twice within a tick of the clock, or by a
    link to another, is seen too.

    Args:
        what: Its name in logs.
        in_use: The contents that were taken first.
        read: Returns the contents now.
        take: Takes them over and says in words what it took.
        changed: Is told of every change taken (what, words, True) or refused (what, why, False).
    """

    def __init__(
        self,
        what: str,
        in_use: Contents,
        read: Callable[[], Contents],
        take: Callable[[Contents], str],
        changed: Callable[[str, str, bool], None],
    ) -> None:
        self._what = what
        self._in_use = in_use
        self._read = read
        self._take = take
        self._changed = changed
        self._seen: Contents | str = in_use
        self._is_bad, self._why = False, ""

    def look(self) -> None:
        """Take over what has changed, once two looks have found the same.

        Files are not all replaced at once: an editor empties one before it writes, and of
        certificate and key one comes first.
        """
        try:
            seen: Contents | str = self._read()
        except InvalidInputError as error:
            seen = str(error)
        if seen != self._seen:
            self._seen = seen
        elif seen == self._in_use:
            if self._is_bad:
                self._tell("the files are again those in use", is_taken=True)
        elif isinstance(seen, str):
            self._refuse(seen)
        else:
            try:
                words = self._take(seen)
            except InvalidInputError as error:
                self._refuse(str(error))
            else:
                self._in_use = seen
                self._tell(words, is_taken=True)

    def _refuse(self, why: str) -> None:
        if not self._is_bad or why != self._why:
            self._why = why
            self._tell(why, is_taken=False)

    def _tell(self, words: str, *, is_taken: bool) -> None:
        self._is_bad = not is_taken
        self._changed(self._what, words, is_taken)


class Watcher:
    """A thread that looks at all of them again and again.

    Args:
        watched: What it looks at.
        interval_s: Seconds between looks.
    """

    def __init__(self, watched: Sequence[Looks], interval_s: float) -> None:
        self._watched = watched
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="credentials", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        if self._watched:
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Look at each once."""
        for each in self._watched:
            try:
                each.look()
            except Exception:  # noqa: BLE001 (a fault of ours must not end revocation)
                _LOG.exception("looking for changed credentials failed")

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            self.look()
