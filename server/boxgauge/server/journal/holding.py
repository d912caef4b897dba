"""All that is held now, as if it came at once: what an exact tally is made from anew."""

from dataclasses import dataclass

from boxgauge.frames import FailedPreconditionError, ImageId
from boxgauge.server.journal.index import images_after
from boxgauge.server.journal.log import Beside, changes_of
from boxgauge.server.journal.sides import look_up
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.types import Change


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading is: behind this image, while the monitor is at this number."""

    image_id: ImageId
    number: int


def held_changes(
    store: Store, monitor: int, beside: Beside, position: Position | None, most: int
) -> tuple[list[Change], Position | None]:
    """Return the next images that are held, by changes from nothing, and where to go on.

    Args:
        store: Where.
        monitor: Its id.
        beside: Models whose predictions are given beside those of others.
        position: None: at the start.
        most: Images at a time.

    Raises:
        NotFoundError: There is no such monitor.
        FailedPreconditionError: The monitor has changed since the start.
        DataLossError: A row is damaged.
    """
    space = store.space(monitor)
    if position is not None and position.number != space.last:
        raise FailedPreconditionError(
            f"monitor {monitor} has changed while all that it holds was read",
            field="monitor",
            value=monitor,
        )
    images = images_after(store, space, None if position is None else position.image_id, most)
    changes = [
        change
        for image_id, kept in look_up(store, space, images, None).items()
        for change in changes_of(store, space, image_id, {}, kept, beside)
    ]
    more = Position(images[-1], space.last) if len(images) == most else None
    return changes, more
