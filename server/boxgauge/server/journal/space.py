"""What there is of a monitor since its creation or its last reset, but for its rows."""

import sqlite3
from dataclasses import dataclass, field

from boxgauge.server.journal.sums import check_sum, damaged
from boxgauge.server.journal.types import TRUTH

TRUTH_ID = 0


@dataclass(slots=True)
class Space:
    """What is kept of one monitor from its creation, or its last reset, on.

    Attributes:
        id: Key of its rows, never given twice.
        monitor: Its id.
        checkpoint: Changes up to this number are in the parts kept, and are forgotten.
        last: Number of the last change here, expiry included.
        expired: Sides that expiry has let go: what was counted of them is in parts alone.
        is_lacking: Parts and changes were lost: tallies have to be made of the sides held.
        models: Ids by name; ground truth is one.
        names: The reverse.
    """

    id: int
    monitor: int
    checkpoint: int
    last: int = 0
    expired: int = 0
    is_lacking: bool = False
    models: dict[str, int] = field(default_factory=lambda: {TRUTH: TRUTH_ID})
    names: dict[int, str] = field(default_factory=lambda: {TRUTH_ID: TRUTH})

    def name_of(self, model: int) -> str:
        """Return the name of a model of which there are rows.

        Raises:
            DataLossError: The model's own row is gone.
        """
        name = self.names.get(model)
        if name is None:
            raise damaged("models", model, "is missing")
        return name


@dataclass(frozen=True, slots=True)
class Spaces:
    """The spaces of a file.

    Attributes:
        spaces: By monitor.
        discarded: Those that no monitor has any more, whose rows are still to be removed.
        next_model: An id above those of all models.
    """

    spaces: dict[int, Space]
    discarded: list[int]
    next_model: int


def read_spaces(connection: sqlite3.Connection) -> Spaces:
    """Return the spaces that a file has, with their models.

    Raises:
        DataLossError: A row is damaged.
    """
    spaces: dict[int, Space] = {}
    discarded: list[int] = []
    by_id: dict[int, Space] = {}
    next_model = 1
    for space, monitor, checkpoint, expired, is_lacking, found in connection.execute(
        "SELECT id, monitor, checkpoint, expired, is_lacking, sum FROM spaces ORDER BY id"
    ):
        check_sum("spaces", space, found, (space, monitor, checkpoint, expired, is_lacking))
        if monitor:
            by_id[space] = spaces[monitor] = Space(
                space, monitor, checkpoint, expired=expired, is_lacking=bool(is_lacking)
            )
        else:
            discarded.append(space)
    for model, space, name, found in connection.execute(
        "SELECT id, space, name, sum FROM models ORDER BY id"
    ):
        check_sum("models", model, found, (model, space, name))
        next_model = max(next_model, model + 1)
        if space in by_id:
            by_id[space].models[name] = model
            by_id[space].names[model] = name
    return Spaces(spaces, discarded, next_model)
