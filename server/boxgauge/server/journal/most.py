"""How much a file can hold: what goes beyond has been read twice, from a tree that is no tree."""

import sqlite3

from boxgauge.server.journal.sums import SUM_BYTES

# A row is a checksum and at least this much around it: its place, its lengths, its columns' types.
_AROUND = 8


def most_rows(connection: sqlite3.Connection) -> int:
    """Return how many rows with a checksum a file of this size has room for."""
    try:
        ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    except sqlite3.DatabaseError:
        return 0  # of which nothing can be read
    return int(pages) * int(size) // (SUM_BYTES + _AROUND)
