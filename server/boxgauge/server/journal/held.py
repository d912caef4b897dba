"""How much is held of each monitor: sides and boxes by model, in memory."""

from boxgauge.server.journal.space import TRUTH_ID
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.types import TRUTH, Counts


class Held:
    """Sides and boxes by model; as a difference it may be negative."""

    def __init__(self) -> None:
        self.by_model: dict[str, tuple[int, int]] = {}

    def add(self, model: str, sides: int, boxes: int) -> None:
        """Count more of one model."""
        had = self.by_model.get(model, (0, 0))
        self.by_model[model] = (had[0] + sides, had[1] + boxes)

    def update(self, more: "Held") -> None:
        """Count a difference."""
        for model, (sides, boxes) in more.by_model.items():
            self.add(model, sides, boxes)

    def counts(self) -> Counts:
        """Return the totals of now."""
        labelled, _ = self.by_model.get(TRUTH, (0, 0))
        return Counts(
            labelled=labelled,
            sides=sum(sides for sides, _ in self.by_model.values()),
            predicted={model: n for model, (n, _) in self.by_model.items() if model != TRUTH},
            boxes=sum(boxes for _, boxes in self.by_model.values()),
        )


def held_now(store: Store) -> dict[int, Held]:
    """Return what the file holds, by monitor; one pass over the index of current sides."""
    found = {monitor: Held() for monitor in store.spaces}
    spaces = {space.id: space for space in store.spaces.values()}
    for space in store.spaces.values():
        for name, model in space.models.items():
            if model != TRUTH_ID:
                found[space.monitor].add(name, 0, 0)
    for space_id, model, sides, boxes in store.connection.execute(
        "SELECT space, model, count(*), sum(boxes) FROM current WHERE boxes >= 0"
        " GROUP BY space, model"
    ):
        kept = spaces.get(space_id)
        if kept is not None:
            found[kept.monitor].add(kept.name_of(model), sides, boxes)
    return found
