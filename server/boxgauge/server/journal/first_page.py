"""The first page of the file: its header and the list of tables, without which nothing is found."""

import shutil
from pathlib import Path

from boxgauge.server.journal.schema import PAGE_BYTES

# What is the same for as long as the tables are: page size to fractions, then from the schema's
# format over the text encoding to the application's id, then the list of tables.
_HEADER = 100
_CONSTANT = ((0, 24), (44, 48), (52, 72), (_HEADER, PAGE_BYTES))
# What SQLite has to be told anew: pages of the file, and that no page is free.
_PAGES, _FREE, _VALID_FOR, _COUNTER = slice(28, 32), slice(32, 40), slice(92, 96), slice(24, 28)


def is_as_it_was(journal: Path, kept: bytes) -> bool:
    """Say whether the first page says what it said when the journal was opened last."""
    found = _first(journal)
    return all(found[start:end] == kept[start:end] for start, end in _CONSTANT)


def has_the_same_tables(journal: Path, kept: bytes) -> bool:
    """Say whether the first page lists the tables that it listed when it was opened last."""
    return _first(journal)[_HEADER:] == kept[_HEADER:]


def _first(journal: Path) -> bytes:
    with journal.open("rb") as file:
        return file.read(PAGE_BYTES)


def copied_with(journal: Path, kept: bytes, target: Path) -> None:
    """Copy a journal and its log, with the first page that it had, to be read."""
    shutil.copyfile(journal, target)
    log = journal.with_name(f"{journal.name}-wal")
    if log.exists():
        shutil.copyfile(log, target.with_name(f"{target.name}-wal"))
    pages = -(-journal.stat().st_size // PAGE_BYTES)
    page = bytearray(kept)
    page[_PAGES] = pages.to_bytes(4, "big")
    page[_FREE] = bytes(8)
    page[_VALID_FOR] = page[_COUNTER]
    with target.open("r+b") as file:
        file.write(page)
