"""The index of the sides that hold, by image and model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from boxgauge.frames import ImageId
from boxgauge.server.journal.space import Space
from boxgauge.server.journal.statements import Row, in_chunks
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.sums import Column, check_sum, row_sum

RETRACTED = -1  # in place of the number of boxes
COLUMNS = "c.space, c.image, c.model, c.number, c.until_us, c.boxes, c.joined, c.sum"
WIDTH = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One side in the index: enough to count it and to let it expire.

    Attributes:
        number: Of the side.
        until_us: Expiry does not look at it before what is kept begins behind this.
        boxes: -1 for a side that was taken out, of which the revision alone is remembered.
        joined: It is ground truth that had predictions, which have expired.
        sum: The checksum of the row that this was read from.
    """

    number: int
    until_us: int
    boxes: int
    joined: bool
    sum: bytes = field(default=b"", compare=False)


def entry_of(row: Row) -> Entry:
    """Return the entry of a row.

    Raises:
        DataLossError: It is damaged.
    """
    check_sum("current", row[3], row[7], row[:7])
    return Entry(row[3], row[4], row[5], bool(row[6]), row[7])


def images_before(
    store: Store, space: Space, before_us: int, limit: int
) -> tuple[list[ImageId], bool]:
    """Return the images of the oldest entries, each once, and whether there may be more."""
    rows = store.connection.execute(
        "SELECT image FROM current WHERE space = ? AND until_us < ? ORDER BY until_us LIMIT ?",
        (space.id, before_us, limit),
    ).fetchall()
    return list(dict.fromkeys(image for (image,) in rows)), len(rows) == limit


def images_after(store: Store, space: Space, image_id: ImageId | None, limit: int) -> list[ImageId]:
    """Return the next images in the order of the index, from the first one for None."""
    behind = "" if image_id is None else " AND image > ?"
    given = () if image_id is None else (image_id,)
    rows = store.connection.execute(
        f"SELECT DISTINCT image FROM current WHERE space = ?{behind} ORDER BY image LIMIT ?",  # noqa: S608 (constant)
        (space.id, *given, limit),
    )
    return [image for (image,) in rows]


def entries_of(
    store: Store, space: Space, images: Sequence[ImageId]
) -> dict[ImageId, dict[int, Entry]]:
    """Return all entries of these images, by image and model.

    Raises:
        DataLossError: A row is damaged.
    """
    found: dict[ImageId, dict[int, Entry]] = {image: {} for image in images}
    for marks, some in in_chunks(images):
        for row in store.connection.execute(
            f"SELECT {COLUMNS} FROM current c WHERE c.space = ? AND c.image IN ({marks})",  # noqa: S608 (marks alone)
            (space.id, *some),
        ):
            entry = entry_of(row)
            found[row[1]][row[2]] = entry
    return found


def put_entries(
    store: Store,
    space: Space,
    entries: Sequence[tuple[ImageId, int, Entry]],
    replaced: Iterable[Entry],
) -> None:
    """Make these the sides that hold, each by image and model, in place of those as read."""
    rows, sums = [], []
    for image, model, each in entries:
        columns: tuple[Column, ...] = (
            space.id,
            image,
            model,
            each.number,
            each.until_us,
            each.boxes,
            int(each.joined),
        )
        sums.append(row_sum("current", columns))
        rows.append((*columns, sums[-1]))
    store.connection.executemany(
        "INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
    )
    store.went("current", [each.sum for each in replaced])
    store.came("current", sums)


def remove_entries(
    store: Store, space: Space, entries: Sequence[tuple[ImageId, int, Entry]]
) -> None:
    """Take entries out, each by image and model, as they were read."""
    store.connection.executemany(
        "DELETE FROM current WHERE space = ? AND image = ? AND model = ?",
        [(space.id, image, model) for image, model, _ in entries],
    )
    store.went("current", [each.sum for _, _, each in entries])
