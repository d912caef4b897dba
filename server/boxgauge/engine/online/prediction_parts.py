"""A store of predictions as bytes, a part for each cell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from operator import index
from typing import Any

from boxgauge.engine.online.prediction_bins import PredictionBins
from boxgauge.engine.online.prediction_cell import PredictionCell
from boxgauge.engine.online.prediction_format import count_columns, parse_counts
from boxgauge.engine.online.ring import Bucket
from boxgauge.engine.online.sparse_counts import SparseCounts
from boxgauge.engine.sealing import Seal, count_of, describe
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.frames import InvalidInputError

SEAL = Seal(b"BGPREDST", version=1, level=1)
# The key of the part that says what belongs to no cell; keys of cells begin with a digit.
STATE = "state"


@dataclass(frozen=True, slots=True)
class StoreState:
    """What belongs to no cell.

    Attributes:
        watermark_us: Highest event time; None before the first image.
        dropped_images: Images that fell off the ring or were too old for it.
    """

    watermark_us: int | None
    dropped_images: int

    def pack(self) -> bytes:
        """Return it as bytes."""
        numbers = self.watermark_us, self.dropped_images
        return SEAL.close({"state": numbers}, [])

    @classmethod
    def unpack(cls, data: bytes) -> "StoreState":
        """Return what was packed.

        Raises:
            InvalidInputError: These are not such bytes.
        """

        def parse(about: dict[str, Any], _: bytes) -> StoreState:
            watermark, dropped = about["state"]
            return cls(None if watermark is None else index(watermark), index(dropped))

        return SEAL.open(data, parse)


@dataclass(frozen=True, slots=True, eq=False)
class PredictionParts:
    """What has changed of a store, at one moment; later changes leave it alone.

    Attributes:
        bins: Of the store.
        digest: Of its classes and settings.
        state: What belongs to no cell.
        cells: By key, those that have changed.
        gone: Keys of those that are no more.
    """

    bins: PredictionBins
    digest: str
    state: StoreState
    cells: Mapping[str, PredictionCell]
    gone: frozenset[str]

    def packed(self) -> dict[str, bytes | None]:
        """Return the bytes of each part, None for one that is gone; safe in another thread."""
        return {
            STATE: self.state.pack(),
            **dict.fromkeys(sorted(self.gone)),
            **{key: pack_cell(cell, self.bins, self.digest) for key, cell in self.cells.items()},
        }


def key_of(name: str, bucket: Bucket) -> str:
    """Return the key of a slice's bucket."""
    return f"{bucket.width_us}/{bucket.start_us}/{name}"


def place_of(key: str) -> tuple[str, Bucket]:
    """Return the slice and bucket of a key.

    Raises:
        InvalidInputError: It is none.
    """
    try:
        width, start, name = key.split("/", 2)
        return name, Bucket(int(width), int(start))
    except ValueError:
        raise InvalidInputError.at("parts", repr(key[:80]), "keys of cells") from None


def digest_of(classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> str:
    """Return what tells stores of other classes or settings apart."""
    described = json.dumps(describe(classes, settings), sort_keys=True).encode()
    return blake2b(described, digest_size=8).hexdigest()


def pack_cell(cell: PredictionCell, bins: PredictionBins, digest: str) -> bytes:
    """Return a cell's bytes."""
    total = SparseCounts.total(cell.tables, bins.places, bins.dtype)
    about, columns = count_columns(total)
    return SEAL.close({"of": digest, "images": cell.images} | about, columns)


def unpack_cell(data: bytes, bins: PredictionBins, digest: str) -> PredictionCell:
    """Return what was packed.

    Raises:
        InvalidInputError: These are not the bytes of a cell, or are of other settings.
    """

    def parse(about: dict[str, Any], body: bytes) -> PredictionCell:
        if about["of"] != digest:
            raise InvalidInputError.at("parts", "others", "of the same classes and settings")
        return PredictionCell(count_of(about, "images"), (parse_counts(about, body, bins),))

    return SEAL.open(data, parse)
