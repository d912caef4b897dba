"""What has changed of a store since its parts were last asked for."""

from typing import NamedTuple

from boxgauge.engine.online.ring import Place
from boxgauge.engine.online.store_state import StoreState


class Since(NamedTuple):
    """Places whose cells changed, ascending, or are gone; whether the state is the same."""

    changed: list[Place]
    gone: frozenset[Place]
    is_same: bool


class Changes:
    """Notes which cells changed or went, and the state that was last told."""

    def __init__(self) -> None:
        self._changed = set[Place]()
        self._gone = set[Place]()
        self._told = StoreState(None, 0, ())

    def touch(self, place: Place) -> None:
        """Note that a cell changed."""
        self._changed.add(place)

    def forget(self, place: Place) -> None:
        """Note that there is no cell any more."""
        self._changed.discard(place)
        self._gone.add(place)

    def told(self, state: StoreState) -> None:
        """Note that this is what parts say."""
        self._told = state

    def take(self, state: StoreState) -> Since:
        """Return what has changed; from now on, nothing has."""
        found = Since(sorted(self._changed), frozenset(self._gone), state == self._told)
        self._changed, self._gone, self._told = set(), set(), state
        return found
