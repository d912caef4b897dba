"""What a store is beside its images, as bytes and back."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from operator import index
from typing import Any

from boxgauge.engine.online.windows import Ring
from boxgauge.engine.sealing import Seal, count_of, describe
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.frames import InvalidInputError

# The part that holds it.
STORE = "store"
STORE_SEAL = Seal(b"BGSTORE\n", version=1, level=6)


@dataclass(frozen=True, slots=True)
class StoreState:
    """Watermark, images that were dropped, and sources of labels by number."""

    watermark_us: int | None
    dropped_images: int
    sources: tuple[str, ...]


def store_mark(
    kind: str,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    ring: Ring,
    losses: tuple[str, ...],
) -> str:
    """Return what tells parts of this store from those of one that was made for something else."""
    made_for = describe(classes, settings) | {"ring": asdict(ring), "losses": losses, "kind": kind}
    text = json.dumps(made_for, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def read_state(parts: Mapping[str, bytes], store: str) -> StoreState:
    """Return the state of a store from its parts.

    Raises:
        InvalidInputError: It is not there or not its bytes, or is of another store or version,
            or was cut short or changed.
    """
    if STORE not in parts:
        raise InvalidInputError.at("parts", f"no {STORE!r}", "all of a store")

    def parse(about: dict[str, Any], body: bytes) -> StoreState:
        if about["store"] != store or body:
            raise ValueError("it is of other classes, settings, buckets or losses")
        watermark = about["watermark_us"]
        return StoreState(
            None if watermark is None else index(watermark),
            count_of(about, "dropped_images"),
            tuple(map(str, about["sources"])),
        )

    return STORE_SEAL.open(parts[STORE], parse)
