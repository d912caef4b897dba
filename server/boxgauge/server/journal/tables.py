"""What the journal's tables hold, as those see it who check or copy whole tables."""

from dataclasses import dataclass
from typing import Any

from boxgauge.server.journal.sums import row_sum


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: Its name.
        columns: Those under the checksum, in its order.
        bulk: A large column that goes under it apart; empty where there is none.
        number: Place of the column that names a row in messages.
        order: What its rows are stored by.
    """

    name: str
    columns: tuple[str, ...]
    bulk: str
    number: int
    order: tuple[str, ...]

    @property
    def selected(self) -> str:
        """Return the columns to select, for `verifies`."""
        bulk = (self.bulk,) if self.bulk else ()
        return ", ".join((*self.columns, "sum", *bulk))

    @property
    def is_by_rowid(self) -> bool:
        """Say whether its rows are stored by one integer."""
        return len(self.order) == 1

    def verifies(self, row: "tuple[Any, ...]") -> bool:
        """Say whether a row is as it was written."""
        width = len(self.columns)
        bulk = row[width + 1] if self.bulk else b""
        return isinstance(bulk, bytes) and row[width] == row_sum(self.name, row[:width], bulk)

    def inserted(self) -> str:
        """Return the statement that puts in a row as it was selected."""
        marks = ", ".join("?" * (len(self.columns) + 1 + bool(self.bulk)))
        return f"INSERT OR IGNORE INTO {self.name} ({self.selected}) VALUES ({marks})"  # noqa: S608 (names of ours)


TABLES = (
    Table("monitors", ("id", "name"), "definition", 0, ("id",)),
    Table("spaces", ("id", "monitor", "checkpoint", "expired", "is_lacking"), "", 0, ("id",)),
    Table("models", ("id", "space", "name"), "", 0, ("id",)),
    Table(
        "sides",
        (
            *("number", "space", "model", "image", "revision", "digest", "boxes"),
            *("time_us", "arrived_us", "facts"),
        ),
        "rows",
        0,
        ("number",),
    ),
    Table(
        "current",
        ("space", "image", "model", "number", "until_us", "boxes", "joined"),
        "",
        3,
        ("space", "image", "model"),
    ),
    Table("superseded", ("space", "at", "side"), "", 2, ("space", "at", "side")),
    Table(
        "changes",
        (
            *("space", "number", "model", "image", "predictions_before"),
            *("predictions_after", "truth_before", "truth_after", "partners"),
        ),
        "",
        1,
        ("space", "number"),
    ),
    Table("parts", ("space", "store", "part", "number"), "value", 3, ("rowid",)),
)
NAMES = tuple(each.name for each in TABLES)
