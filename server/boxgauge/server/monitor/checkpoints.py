"""Checkpoints of a monitor's stores in the journal, and how a start goes on from there."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import orjson

from boxgauge.engine.notes import Oddities
from boxgauge.server.journal.types import Change
from boxgauge.server.monitor.definition import Definition, TallyKind
from boxgauge.server.monitor.steps import beside
from boxgauge.server.monitor.stores import Stores, predictions_of
from boxgauge.server.monitor.surroundings import Surroundings

_LOG = logging.getLogger(__name__)
Parts = dict[str, dict[str, bytes | None]]
_STATE = "state"


class Changed(Protocol):
    """What has changed of something, at one moment."""

    def packed(self) -> dict[str, bytes | None]:
        """Return the bytes of each part, None for one that is gone; safe in another thread."""


_WATERMARK, _ODDITIES = "watermark_us", "oddities"


class Checkpoints:
    """Writes and reads what is kept of one monitor's stores.

    A sketch's parts are written as they change. An exact monitor has its watermark and references
    only: it is matched again from the frames, which it keeps for as long as it counts them.

    Args:
        key: Of the monitor in the journal.
        definition: Its definition.
        around: What all monitors share.
    """

    def __init__(self, key: int, definition: Definition, around: Surroundings) -> None:
        self._key = key
        self._definition = definition
        self._around = around
        self._changed: list[tuple[str, Changed]] = []
        self._unsaved: Parts = {}
        self._saved = 0

    async def write(self, stores: Stores) -> None:
        """Write what changed since the last one, as one transaction."""
        number = stores.number
        if stores.missed is not None or not stores.is_current or number <= self._saved:
            return
        _LOG.debug("monitor %d: checkpoint begins, up to change %d", self._key, number)
        # Taken together, before the first wait: one consistent state. What was taken is told
        # once: it stays here, and behind it what comes later, until it is packed.
        changed = self._changed
        # Of a journal that is gone with the process nothing will ever be read.
        if self._around.journal.is_durable:
            self._unsaved[_STATE] = {_STATE: _state(stores)}
            for name, model in stores.models.items():
                changed.append((f"reference {name}", model.reference.changed()))
        if self._around.journal.is_durable and self._definition.tally is TallyKind.SKETCH:
            for key, store in stores.quality.items():
                changed.append((f"quality {key}", store.changed()))
            for name, model in stores.models.items():
                changed.append((f"predicted {name}", model.predicted.changed()))
                changed.append((f"estimator {name}", model.estimator.changed()))

        def pack() -> list[tuple[str, dict[str, bytes | None]]]:
            return [(key, part.packed()) for key, part in changed]

        packed = await asyncio.get_running_loop().run_in_executor(self._around.executor, pack)
        for key, part in packed:
            self._unsaved.setdefault(key, {}).update(part)
        self._changed = []
        if stores.is_current and not stores.is_ending:
            # Kept until they are written: what failed is written the next time.
            await self._around.journal.checkpoint(self._key, self._unsaved, number)
            self._unsaved, self._saved = {}, number
            _LOG.debug("monitor %d: checkpoint is written", self._key)

    async def read(self, stores: Stores) -> AsyncIterator[list[Change]]:
        """Take up the last checkpoint, and yield the changes that have to follow it."""
        journal, others = self._around.journal, beside(self._definition.comparisons)
        parts, self._saved = await journal.parts(self._key)
        stores.number = self._saved
        if await journal.is_lacking(self._key):
            # Nothing is known but what is held: references begin with it, too.
            async for changes in journal.current(self._key, beside=others):
                yield changes
            return
        if self._definition.tally is TallyKind.EXACT:
            # What was retracted may have had the highest event time.
            stores.watermark_us = _state_of(parts).get(_WATERMARK, 0)
            await self._read_references(stores, parts)
            stores.is_rebuilt = True
            async for changes in journal.current(self._key, beside=others):
                yield changes
            stores.is_rebuilt = False
            return
        _restore(stores, parts)
        async for changes in journal.changes_after(self._key, self._saved):
            yield changes

    async def _read_references(
        self, stores: Stores, parts: Mapping[str, Mapping[str, bytes]]
    ) -> None:
        """Take up references, whose images may be forgotten, and what changed of them since."""
        for key, held in parts.items():
            kind, _, name = key.partition(" ")
            if kind == "reference":
                stores.model(name).reference.restore(held)
        async for changes in self._around.journal.changes_after(self._key, self._saved):
            for name, (gone, came) in predictions_of(changes).items():
                stores.model(name).reference.exchange(gone, came)


def _state(stores: Stores) -> bytes:
    return orjson.dumps(
        {
            _WATERMARK: stores.watermark_us,
            _ODDITIES: {name: list(model.oddities) for name, model in stores.models.items()},
        }
    )


def _state_of(parts: Mapping[str, Mapping[str, bytes]]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(parts[_STATE][_STATE]) if _STATE in parts else {}
    return found


def _restore(stores: Stores, parts: Mapping[str, Mapping[str, bytes]]) -> None:
    state = _state_of(parts)
    for name, numbers in state.get(_ODDITIES, {}).items():
        stores.model(name).oddities = Oddities(*numbers)
    for key, held in parts.items():
        kind, _, name = key.partition(" ")
        if kind == "quality":
            stores.store(name).restore(held)
        elif kind == "predicted":
            stores.model(name).predicted.restore(held)
        elif kind == "reference":
            stores.model(name).reference.restore(held)
        elif kind == "estimator":
            stores.model(name).estimator.restore(held)
    # Last: stores take parts up before they are advanced.
    stores.watermark_us = state.get(_WATERMARK, 0)
