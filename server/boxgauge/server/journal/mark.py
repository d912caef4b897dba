"""The mark: a small file beside the journal that says how far it was acknowledged.

SQLite cuts a damaged write-ahead log off without a word, and what remains looks like an older
journal in perfect order. Only what is kept outside of the two files can tell that there was more.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from boxgauge.frames import DataLossError
from boxgauge.server.journal.ledger import LENGTH, Ledger

_MAGIC = b"BGMARK01"
_SLOT = 4096  # what a disk writes at once, or less
_SLOTS = 2  # by turns: one torn write leaves the other
_SUM = 16
_SYNC_REST_S = 0.5


@dataclass(frozen=True, slots=True)
class Marked:
    """What a mark says.

    Attributes:
        ledger: Of the last commit that was acknowledged; None: it cannot be read.
        first_page: Of the journal's file as it was opened last; empty where it cannot be read.
    """

    ledger: Ledger | None
    first_page: bytes


def mark_path(journal: Path) -> Path:
    """Return where a journal's mark is."""
    return journal.with_name(f"{journal.name}-mark")


def read_mark(journal: Path) -> Marked | None:
    """Return what the mark of a journal says; None where there is none."""
    try:
        raw = mark_path(journal).read_bytes()
    except FileNotFoundError:
        return None
    found = list(_ledgers(raw))
    page = raw[_SLOTS * _SLOT :]
    whole = len(page) == _SLOT + _SUM and page[_SLOT:] == _page_sum(page[:_SLOT])
    newest = max(found, key=lambda each: each.commits, default=None)
    return Marked(newest, page[:_SLOT] if whole else b"")


class Mark:
    """The mark of an open journal, written behind every commit and before its answer.

    It is handed to the system at once, so that it outlives the process; a thread has it
    synchronised to the disk, which takes as long as the commit itself, behind that.

    Args:
        journal: Whose.
        ledger: What is there now.
        first_page: Of its file.
    """

    def __init__(self, journal: Path, ledger: Ledger, first_page: bytes) -> None:
        path = mark_path(journal)
        if not _can_go_on(journal, ledger):
            _begin(path, ledger, first_page)
        self._file = path.open("r+b", buffering=0)
        raw = self._file.read()
        # The slot that says less, or nothing, is written first.
        commits = [_commits_in(raw[k * _SLOT :]) for k in range(_SLOTS)]
        self._turn = commits.index(min(commits))
        self.write_page(first_page)
        self._written, self._closing = threading.Event(), threading.Event()
        self._syncing = threading.Thread(target=self._sync, name="journal-mark", daemon=True)
        self.write(ledger)
        self._syncing.start()

    def write_page(self, first_page: bytes) -> None:
        """Keep this as the first page of the file."""
        self._file.seek(_SLOTS * _SLOT)
        self._file.write(first_page + _page_sum(first_page))

    def write(self, ledger: Ledger) -> None:
        """Say that this is on disk.

        Raises:
            OSError: It cannot be written.
        """
        self._file.seek(self._turn * _SLOT)
        self._file.write(_slot(ledger))
        self._turn = (self._turn + 1) % _SLOTS
        self._written.set()

    def close(self) -> None:
        """Have it on disk, and write no more."""
        self._closing.set()
        self._written.set()
        self._syncing.join()
        os.fsync(self._file.fileno())
        self._file.close()

    def _sync(self) -> None:
        while True:
            self._written.wait()
            if self._closing.is_set():
                return
            self._written.clear()
            # A fault shows at the next write, or at the end.
            with contextlib.suppress(OSError):
                os.fsync(self._file.fileno())
            self._closing.wait(_SYNC_REST_S)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder's files on disk, where the system can."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _begin(path: Path, ledger: Ledger, first_page: bytes) -> None:
    new = path.with_name(f"{path.name}-new")
    with new.open("wb") as file:
        file.write(_slot(ledger) * _SLOTS + first_page + _page_sum(first_page))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def _can_go_on(journal: Path, ledger: Ledger) -> bool:
    """Say whether there is a mark of this journal, to be written over: for that there is room."""
    try:
        raw = mark_path(journal).read_bytes()
    except FileNotFoundError:
        return False
    return len(raw) == _SLOTS * _SLOT + _SLOT + _SUM and all(
        each.identity == ledger.identity and each.commits <= ledger.commits
        for each in _ledgers(raw)
    )


def _commits_in(slot: bytes) -> int:
    return next((each.commits for each in _ledgers(slot[:_SLOT])), -1)


def _slot(ledger: Ledger) -> bytes:
    return (_MAGIC + ledger.to_bytes()).ljust(_SLOT, b"\0")


def _ledgers(raw: bytes) -> Iterator[Ledger]:
    for start in range(0, _SLOTS * _SLOT, _SLOT):
        slot = raw[start : start + _SLOT]
        if slot.startswith(_MAGIC):
            # The other slot tells; where neither does, that is the finding.
            with contextlib.suppress(DataLossError):
                yield Ledger.from_bytes(slot[len(_MAGIC) : len(_MAGIC) + LENGTH])


def _page_sum(page: bytes) -> bytes:
    return blake2b(page, digest_size=_SUM, person=b"boxgauge page").digest()
