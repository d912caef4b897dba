"""Checksums of rows: a row that was damaged is never returned."""

from hashlib import blake2b

from boxgauge.frames import DataLossError

Column = int | str | bytes | None
SUM_BYTES = 8


def row_sum(table: str, columns: tuple[Column, ...], rows: bytes = b"") -> bytes:
    """Return the checksum over all columns of a row; a large one goes apart, unescaped."""
    # ascii() spells a value in the same way in every version of Python; repr() does not.
    made = blake2b(ascii((table, len(rows), columns)).encode(), digest_size=SUM_BYTES)
    if rows:
        made.update(rows)
    return made.digest()


def check_sum(
    table: str, number: int, found: object, columns: tuple[Column, ...], rows: bytes = b""
) -> None:
    """Check that a row is as it was written.

    Raises:
        DataLossError: It is not; names the row by its number.
    """
    if not isinstance(rows, bytes) or found != row_sum(table, columns, rows):
        raise damaged(table, number)


def damaged(table: str, number: int, what: str = "does not have its checksum") -> DataLossError:
    """Return the error for a row that cannot be trusted."""
    return DataLossError(
        f"the journal is damaged: row {number} of {table} {what}",
        field="number",
        value=number,
    )
