"""Rows that verify, brought in order with each other where others of them are gone."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from boxgauge.server.journal.ledger import Ledger, Total
from boxgauge.server.journal.loss import Loss
from boxgauge.server.journal.sums import row_sum

_TRUTH_ID = 0
_SPACED = ("models", "sides", "current", "superseded", "changes", "parts")


class Mending:
    """What is made of rows whose neighbours are gone.

    What can be made from the rows that remain is made: the index of the sides that hold, the
    notes of those that do not, and, by the next start, tallies from the sides that are held. What
    cannot be made is a loss.

    Args:
        connection: To the new file.
        known: What there should be; numbers come from it.
        found: What there is.
        loss: Gets what is missing.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        known: Ledger,
        found: Mapping[str, Total],
        loss: Loss,
    ) -> None:
        self._connection = connection
        self._known = known
        self._loss = loss
        self._missing = {name: max(0, known.totals[name].rows - found[name].rows) for name in found}
        self._is_whole = {name: known.totals[name] == found[name] for name in found}
        self._lacking: set[int] = set()

    def mend(self, damaged_sides: set[int]) -> None:
        """Do all of it.

        Args:
            damaged_sides: Numbers that damaged rows of sides seem to have.
        """
        loss = self._loss
        loss.rows = {name: self._missing[name] for name in ("monitors", "spaces", "models")}
        self._mend_monitors()
        self._mend_models()
        self._mend_superseded()
        self._mend_index()
        self._mend_orphans()
        loss.rows["sides"] = max(self._missing["sides"], len(loss.sides))
        if loss.rows["sides"] > len(loss.sides):
            held = {number for (number,) in self._read("SELECT number FROM sides")}
            likely = {n for n in damaged_sides - held if 0 < n <= self._known.number}
            if len(loss.sides | likely) <= loss.rows["sides"]:
                loss.sides |= likely
        self._mend_tallies()

    def _mend_monitors(self) -> None:
        """Let go of what belongs to no monitor; a monitor without a space gets an empty one."""
        for table in _SPACED:
            self._do(f"DELETE FROM {table} WHERE space NOT IN (SELECT id FROM spaces)")  # noqa: S608 (named above)
        for (space,) in self._read(
            "SELECT id FROM spaces WHERE monitor <> 0 AND monitor NOT IN (SELECT id FROM monitors)"
        ):
            self._put_space(space, monitor=0)
        for (monitor,) in self._read(
            "SELECT id FROM monitors WHERE id NOT IN (SELECT monitor FROM spaces)"
        ):
            self._do("INSERT INTO spaces (monitor, checkpoint, sum) VALUES (0, 0, x'')")
            ((space,),) = self._read("SELECT max(id) FROM spaces")
            self._put_space(space, monitor=monitor, checkpoint=self._known.number)

    def _mend_models(self) -> None:
        """Let go of sides of a model whose name is gone."""
        for table in ("sides", "current"):
            key = "number" if table == "sides" else "NULL"
            for space, number in self._read(
                f"SELECT space, {key} FROM {table} WHERE model <> {_TRUTH_ID}"  # noqa: S608 (named above)
                f" AND NOT EXISTS (SELECT 1 FROM models m WHERE m.id = {table}.model"
                f" AND m.space = {table}.space)"
            ):
                self._lacking.add(space)
                if number is not None:
                    self._loss.sides.add(number)
            self._do(
                f"DELETE FROM {table} WHERE model <> {_TRUTH_ID} AND NOT EXISTS"  # noqa: S608 (named above)
                f" (SELECT 1 FROM models m WHERE m.id = {table}.model AND m.space = {table}.space)"
            )

    def _mend_superseded(self) -> None:
        """Forget notes of sides that are gone: those were no longer held."""
        for space, at, side, checkpoint in self._read(
            "SELECT u.space, u.at, u.side, p.checkpoint FROM superseded u"
            " JOIN spaces p ON p.id = u.space"
            " WHERE u.side NOT IN (SELECT number FROM sides)"
        ):
            self._do(
                "DELETE FROM superseded WHERE space = ? AND at = ? AND side = ?", space, at, side
            )
            if side not in self._loss.sides:
                self._missing["sides"] = max(0, self._missing["sides"] - 1)
            if at > checkpoint:
                self._lacking.add(space)

    def _mend_index(self) -> None:
        """Forget entries whose side is gone, and name it."""
        for space, image, model, number in self._read(
            "SELECT c.space, c.image, c.model, c.number FROM current c"
            " LEFT JOIN sides s ON s.number = c.number AND s.space = c.space"
            " AND s.image = c.image AND s.model = c.model AND s.boxes = c.boxes"
            " WHERE s.number IS NULL"
        ):
            self._do(
                "DELETE FROM current WHERE space = ? AND image = ? AND model = ?",
                space,
                image,
                model,
            )
            self._loss.sides.add(number)
            self._lacking.add(space)

    def _mend_orphans(self) -> None:
        """Give sides of which nothing says whether they hold an entry, or a note that they do not.

        Where the index is whole they do not hold. Else the last one of its image and model does,
        unless an entry or a later one says otherwise.
        """
        orphans = self._read(
            "SELECT s.number, s.space, s.image, s.model, s.time_us, s.boxes, c.number"
            " FROM sides s LEFT JOIN current c ON c.space = s.space AND c.image = s.image"
            " AND c.model = s.model WHERE s.number NOT IN (SELECT side FROM superseded)"
            " AND (c.number IS NULL OR c.number <> s.number) ORDER BY s.number DESC"
        )
        taken: set[tuple[object, ...]] = set()
        for number, space, image, model, time_us, boxes, holds in orphans:
            key = (space, image, model)
            if self._is_whole["current"] or holds is not None or key in taken:
                at = self._known.number
                told = (space, at, number)
                found = row_sum("superseded", told)
                self._do("INSERT INTO superseded VALUES (?, ?, ?, ?)", *told, found)
                continue
            taken.add(key)
            entry = (space, image, model, number, time_us, boxes, 0)
            found = row_sum("current", entry)
            self._do("INSERT INTO current VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *entry, found)
            if not self._is_whole["superseded"]:
                self._lacking.add(space)  # it may have been let go of

    def _mend_tallies(self) -> None:
        """Have tallies made anew where their parts, or changes behind them, are not whole."""
        if not (self._is_whole["parts"] and self._is_whole["changes"]):
            # A row that is gone does not say whose it was.
            self._lacking |= {space for (space,) in self._read("SELECT id FROM spaces")}
        self._lacking |= set(self._spaces_that_cannot_follow())
        for space in sorted(self._lacking):
            row = self._read(
                "SELECT p.monitor, p.expired, m.name FROM spaces p JOIN monitors m"
                " ON m.id = p.monitor WHERE p.id = ?",
                space,
            )
            if not row:
                continue
            ((monitor, expired, name),) = row
            if expired:
                self._loss.counted[name] = expired
            for table in ("parts", "changes"):
                self._do(f"DELETE FROM {table} WHERE space = ?", space)  # noqa: S608 (named above)
            self._put_space(
                space, monitor=monitor, checkpoint=self._known.number, is_lacking=1, expired=0
            )

    def _spaces_that_cannot_follow(self) -> Iterator[int]:
        """Yield spaces with a change, behind their checkpoint, of a side that is gone."""
        held = {number for (number,) in self._read("SELECT number FROM sides")} | {0}
        for space, *numbers, partners in self._connection.execute(
            "SELECT h.space, predictions_before, predictions_after, truth_before, truth_after,"
            " partners FROM changes h JOIN spaces p ON p.id = h.space AND h.number > p.checkpoint"
        ):
            if not held.issuperset(numbers) or not held.issuperset(_partners(partners)):
                yield space

    def _put_space(self, space: int, **changed: int) -> None:
        columns = ("monitor", "checkpoint", "expired", "is_lacking")
        (row,) = self._read(
            "SELECT monitor, checkpoint, expired, is_lacking FROM spaces WHERE id = ?", space
        )
        told = {**dict(zip(columns, row, strict=True)), **changed}
        values = tuple(told[name] for name in columns)
        self._do(
            "UPDATE spaces SET monitor = ?, checkpoint = ?, expired = ?, is_lacking = ?, sum = ?"
            " WHERE id = ?",
            *values,
            row_sum("spaces", (space, *values)),
            space,
        )

    def _read(self, statement: str, *parameters: object) -> list[Any]:
        return self._connection.execute(statement, parameters).fetchall()

    def _do(self, statement: str, *parameters: object) -> None:
        self._connection.execute(statement, parameters)


def _partners(text: str) -> Iterable[int]:
    return [number for each in json.loads(text) for _, number in each] if text else []
