"""What has changed of an exact store, as bytes by part, and back."""

from dataclasses import asdict, dataclass, fields, replace
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.exact_windows import in_report_order
from boxgauge.engine.online.image_table import ImageRows, TableSnapshot
from boxgauge.engine.online.observed import MAX_SOURCES, OTHER_SOURCE, ImageColumns, Sources
from boxgauge.engine.online.store_state import STORE, STORE_SEAL, StoreState
from boxgauge.engine.online.window_rows import GROUPS
from boxgauge.engine.online.windows import MINUTE_US
from boxgauge.engine.sealing import LENGTH, Seal
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.tally_format import pack_tally, unpack_tally

SEAL = Seal(b"BGIMAGE\n", version=1, level=1)
# So wide are the parts, by event time; few enough images that one is written in no time.
PART_US = 10 * MINUTE_US


@dataclass(frozen=True, slots=True, eq=False)
class ExactParts:
    """What has changed, at one moment.

    Attributes:
        store: Identifies what the store was made for.
        classes: The store's.
        settings: Likewise.
        state: As it is.
        table: All images.
        numbers: Of the parts that have changed.
    """

    store: str
    classes: tuple[ObjectClass, ...]
    settings: EvaluationSettings
    state: StoreState
    table: TableSnapshot
    numbers: tuple[int, ...]

    def packed(self) -> dict[str, bytes | None]:
        """Return the bytes of each part, None for one that is gone; safe in another thread."""
        found: dict[str, bytes | None] = {}
        part = self.table.placed.times_us // PART_US
        for number in self.numbers:
            rows = np.flatnonzero(self.table.is_there & (part == number))
            found[_key(number)] = self._pack(number, rows) if len(rows) else None
        if found:
            found[STORE] = STORE_SEAL.close({"store": self.store} | asdict(self.state), [])
        return found

    def _pack(self, number: int, rows: NDArray[np.int64]) -> bytes:
        """Return the bytes of some images; equal images give equal bytes."""
        table = self.table
        rows, image_ids = in_report_order(rows, table.image_ids)
        columns, observed = table.columns.take(rows), table.observed.take(rows)
        tally = pack_tally(self.classes, self.settings, image_ids, columns, table.patterns)
        known = (*self.state.sources, *[""] * (MAX_SOURCES - len(self.state.sources)))
        names = [(*known, OTHER_SOURCE)[k] for k in observed.sources.tolist()]
        sources = sorted(set(names))
        observed = replace(
            observed,
            sources=np.array([sources.index(each) for each in names], np.uint8),
            loss_bins=observed.loss_bins.astype(_bins_type(observed)),
        )
        slices = [table.sets[k] for k in table.placed.sets[rows].tolist()]
        sets = sorted(set(slices))
        places = {each: k for k, each in enumerate(sets)}
        about = {
            "store": self.store,
            "number": number,
            "images": len(rows),
            "sources": sources,
            "slices": sets,
            "bins": observed.loss_bins.dtype.itemsize,
        }
        arrays = [
            table.placed.times_us[rows],
            np.array([places[each] for each in slices], np.uint32),
            *(getattr(observed, each.name) for each in fields(observed)),
        ]
        written = [each.astype(each.dtype.newbyteorder("<")).tobytes() for each in arrays]
        return SEAL.close(about, [LENGTH.pack(len(tally)), tally, *written])


def read_images(data: bytes, store: str, losses: int, sources: Sources) -> ImageRows:
    """Return the images of a part; sources of labels get their numbers.

    Raises:
        InvalidInputError: These are not its bytes, or of another store or version, or they were
            cut short or changed.
    """

    def parse(about: dict[str, Any], body: bytes) -> ImageRows:
        if about["store"] != store:
            raise ValueError("it is of other classes, settings, buckets or losses")
        (length,) = LENGTH.unpack_from(body)
        start = LENGTH.size + length
        _, _, image_ids, columns, patterns = unpack_tally(body[LENGTH.size : start])
        n = len(image_ids)
        if n != index(about["images"]):
            raise ValueError("the images do not add up")

        def take(like: NDArray[Any]) -> NDArray[Any]:
            nonlocal start
            shape = (n, *like.shape[1:])
            dtype = like.dtype.newbyteorder("<")
            found = np.frombuffer(body, dtype, int(np.prod(shape)), start).reshape(shape)
            start += found.nbytes
            return found.astype(like.dtype)

        times, sets = take(np.zeros(0, np.int64)), take(np.zeros(0, np.uint32))
        empty = ImageColumns.empty(losses)
        bins = np.dtype(f"u{index(about['bins'])}")
        empty = replace(empty, loss_bins=empty.loss_bins.astype(bins))
        observed = ImageColumns(*(take(getattr(empty, each.name)) for each in fields(empty)))
        if start != len(body):
            raise ValueError(f"{len(body) - start} bytes are left over")
        codes = np.array([sources.code(str(each)) for each in about["sources"]], np.uint8)
        slices = [tuple(map(str, each)) for each in about["slices"]]
        limits = ((sets, len(slices)), (observed.sources, len(codes)), (observed.groups, GROUPS))
        for column, limit in limits:
            if int(column.max(initial=0)) >= max(limit, 1):
                raise ValueError(f"{int(column.max())} of {limit} is there")
        return ImageRows(
            image_ids,
            columns,
            patterns,
            replace(observed, sources=codes[observed.sources]),
            times,
            [slices[k] for k in sets.tolist()],
        )

    return SEAL.open(data, parse)


def _key(number: int) -> str:
    return f"t/{number * PART_US}"


def _bins_type(observed: ImageColumns) -> np.dtype[Any]:
    return np.min_scalar_type(int(observed.loss_bins.max(initial=0)))
