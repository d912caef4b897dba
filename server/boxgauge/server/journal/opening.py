"""How a journal is opened: what is there is verified first, and a loss is never passed over."""

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from boxgauge.frames import (
    DataLossError,
    FailedPreconditionError,
    InvalidInputError,
    ResourceExhaustedError,
)
from boxgauge.server.journal.first_page import copied_with, has_the_same_tables, is_as_it_was
from boxgauge.server.journal.ledger import Ledger
from boxgauge.server.journal.loss import Loss
from boxgauge.server.journal.mark import Mark, mark_path, read_mark, sync_folder
from boxgauge.server.journal.migrate import migrate
from boxgauge.server.journal.repair import repaired
from boxgauge.server.journal.schema import PAGE_BYTES, VERSION, connect, format_of, reading
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.verify import Findings, OnProgress, read_ledger, verified

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a start found.

    Attributes:
        rows: That verify.
        seconds: That it took.
        lost: Rows and numbers that were given up, by this start or those before.
        given_up: What was, by this start; nothing where it was asked to accept no loss.
        is_repaired: The file was damaged, and made anew from the rows that verify.
    """

    rows: int = 0
    seconds: float = 0.0
    lost: int = 0
    given_up: Loss = field(default_factory=Loss)
    is_repaired: bool = False


def open_journal(
    path: Path | None,
    *,
    wait_s: float,
    accept_loss: bool = False,
    on_progress: OnProgress | None = None,
) -> tuple[Store, Recovery]:
    """Return the journal in a file, verified as a whole; one is made where there is none.

    Args:
        path: None: a temporary file without a name.
        wait_s: How long another process may take to let go of it.
        accept_loss: Go on with what verifies where something that was acknowledged is gone.
        on_progress: Told every other second how far verification is.

    Raises:
        InvalidInputError: There can be no such file.
        FailedPreconditionError: Another process has it, it is of a later version, or it is no
            journal.
        DataLossError: What was acknowledged is gone, and that is not accepted.
        ResourceExhaustedError: There is no room for the copy that a repair or a migration makes.
    """
    if path is None:
        return Store(connect(None, wait_s=wait_s)), Recovery()
    began = time.monotonic()
    try:
        opening = _Opening(path, wait_s, accept_loss, on_progress or (lambda _: None))
        store, rows = opening.open()
    except OSError as error:
        raise InvalidInputError.at(
            "journal", f"{path} ({error.strerror})", "a file that can be written"
        ) from None
    return store, Recovery(
        rows=rows,
        seconds=time.monotonic() - began,
        lost=store.ledger.lost,
        given_up=opening.given_up,
        is_repaired=opening.is_repaired,
    )


class _Opening:
    def __init__(
        self, path: Path, wait_s: float, accept_loss: bool, on_progress: OnProgress
    ) -> None:
        self._path = path
        self._wait_s = wait_s
        self._accept_loss = accept_loss
        self._on_progress = on_progress
        self._marked = read_mark(path)
        self.given_up = Loss()
        self.is_repaired = False

    @property
    def _acknowledged(self) -> Ledger | None:
        return None if self._marked is None else self._marked.ledger

    def open(self) -> tuple[Store, int]:
        """Return the store, and how many rows verify."""
        if not self._path.exists() or not self._path.stat().st_size:
            loss = self._loss_of_all()
            return self._opened(loss), 0
        findings, loss = self._looked_at()
        return self._opened(loss), findings.rows

    def _loss_of_all(self) -> Loss:
        """Return what is lost where there is no file."""
        loss = Loss()
        if self._marked is not None:
            acknowledged = self._acknowledged
            if acknowledged is None:
                loss.untold = "the file is gone, and its mark cannot be read"
            loss.behind(Ledger(), acknowledged)
            self._accept(loss)
        return loss

    def _looked_at(self) -> tuple[Findings, Loss]:
        """Verify the file; repair it where it is damaged, and tell what is lost."""
        findings = self._findings()
        if not findings.faults:
            return findings, self._held_against_mark(findings)
        _LOG.error("the journal %s is damaged: %s", self._path, "; ".join(findings.faults[:5]))
        page = b"" if self._marked is None else self._marked.first_page
        if not page or is_as_it_was(self._path, page):
            return findings, self._repair(self._path, findings.ledger)
        _LOG.error("so is its first page, in place of which the one kept in its mark is read")
        with self._beside("-mending") as copy:
            copied_with(self._path, page, copy)
            with reading(copy, wait_s=self._wait_s) as connection:
                ledger = read_ledger(connection)
            return findings, self._repair(copy, ledger)

    def _findings(self) -> Findings:
        page = b"" if self._marked is None else self._marked.first_page
        try:
            with reading(self._path, wait_s=self._wait_s) as connection:
                try:
                    version = format_of(connection, str(self._path))
                except FailedPreconditionError as error:
                    # Its own tables, under a number of another format or program.
                    if not page or not has_the_same_tables(self._path, page):
                        raise
                    return Findings(None, {}, [str(error)])
            if 0 < version < VERSION:
                migrate(self._path, version, wait_s=self._wait_s)
            with reading(self._path, wait_s=self._wait_s) as connection:
                return verified(connection, self._on_progress)
        except DataLossError as error:
            if not page:
                raise
            return Findings(None, {}, [str(error)])

    def _held_against_mark(self, findings: Findings) -> Loss:
        """Return what was acknowledged and is not in a file that is as it was written."""
        loss, here = Loss(), findings.ledger
        if here is None:
            return loss
        name, acknowledged = mark_path(self._path).name, self._acknowledged
        if acknowledged is not None and acknowledged.identity == here.identity:
            loss.behind(here, acknowledged)
        elif here.is_open:
            what = "cannot be read" if acknowledged is None else "is another journal's"
            what = "is missing" if self._marked is None else what
            loss.untold = f"{name}, which says how much there was, {what}"
        elif acknowledged is not None:
            _LOG.warning("%s was another journal's, and is this one's from now on", name)
            self._marked = None
        self._accept(loss)
        return loss

    def _migrated(self) -> None:
        with reading(self._path, wait_s=self._wait_s) as connection:
            version = format_of(connection, str(self._path))
        if 0 < version < VERSION:
            migrate(self._path, version, wait_s=self._wait_s)

    def _repair(self, source: Path, here: Ledger | None) -> Loss:
        """Put a file with the rows that verify in the place of the damaged one, which is kept."""
        with self._beside("-repaired") as target:
            with reading(source, wait_s=self._wait_s) as connection:
                try:
                    loss = repaired(connection, target, here, self._acknowledged)
                except sqlite3.OperationalError as error:
                    raise _no_room(self._path, error) from None
            self._accept(loss)
            kept = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns() // 10**6}")
            os.link(self._path, kept)
            log = self._path.with_name(f"{self._path.name}-wal")
            if log.exists():
                log.rename(kept.with_name(f"{kept.name}-wal"))
            target.replace(self._path)
            sync_folder(self._path.parent)
        self.is_repaired = True
        _LOG.warning("the journal was repaired; the damaged file is kept as %s", kept)
        return Loss()  # the repaired file has it in its ledger

    def _accept(self, loss: Loss) -> None:
        """Raise where something is lost and that is not accepted."""
        if not loss:
            return
        if not self._accept_loss:
            beside = ""
            if loss.commits and not loss.untold:
                beside = (
                    f" (Where an older copy was put here on purpose, remove"
                    f" {mark_path(self._path).name}.)"
                )
            raise loss.refusal(str(self._path), beside=beside)
        self.given_up = loss
        _LOG.error("the journal %s goes on without what was lost: %s", self._path, loss.words())

    def _opened(self, loss: Loss) -> Store:
        """Return the file, opened to write, and its mark."""
        connection = connect(self._path, wait_s=self._wait_s)
        try:
            store = Store(connection)
            store.begin(self._acknowledged, loss.lost)
            # Kept open: closing any reader of the file would let go of this process's lock on it.
            store.reader = self._path.open("rb", buffering=0)
            store.mark = Mark(self._path, store.ledger, store.reader.read(PAGE_BYTES))
        except BaseException:
            connection.close()
            raise
        return store

    @contextmanager
    def _beside(self, suffix: str) -> Iterator[Path]:
        """Yield the name of a file that is gone afterwards, with what SQLite puts beside it."""
        path = self._path.with_name(f"{self._path.name}{suffix}")
        try:
            yield path
        except OSError as error:
            raise _no_room(self._path, error) from None
        finally:
            for each in ("", "-wal", "-shm", "-journal"):
                path.with_name(f"{path.name}{each}").unlink(missing_ok=True)


def _no_room(path: Path, error: Exception) -> ResourceExhaustedError:
    return ResourceExhaustedError(
        f"the journal {path} is damaged, and the copy that repairs it cannot be written ({error}):"
        " it needs as much room as the journal",
        field="journal",
        value=path,
    )
