"""Counts what changed: matched, and brought into the stores in journal order."""

import logging
from collections.abc import Mapping, Sequence

from boxgauge.engine import MatchedImages
from boxgauge.frames import ImageId
from boxgauge.server.journal.types import Change
from boxgauge.server.monitor.line import Place
from boxgauge.server.monitor.matcher import Matcher
from boxgauge.server.monitor.outcomes import NOT_COUNTED
from boxgauge.server.monitor.room import Room
from boxgauge.server.monitor.state import MonitorState
from boxgauge.server.monitor.steps import Joined, Step, steps_of
from boxgauge.server.monitor.stores import Stores

_LOG = logging.getLogger(__name__)


class Counting:
    """The way of one monitor's changes from the journal to its stores.

    Args:
        state: Of the monitor.
        room: Of the monitor; told how much is held once it is counted.
        matcher: Of the monitor.
    """

    def __init__(self, state: MonitorState, room: Room, matcher: Matcher) -> None:
        self._state = state
        self._room = room
        self._matcher = matcher

    async def count(
        self, changes: Sequence[Change], into: Stores, number: int = 0, place: Place | None = None
    ) -> Mapping[ImageId, Exception]:
        """Match what changed, wait for the turn, and bring the stores up to date.

        Returns:
            Images that cannot be matched, and why: they are not counted, all others are.

        Args:
            changes: In journal order.
            into: The stores that were current when they were journalled.
            number: Of the last of them.
            place: In the monitor's line; None: there is nobody else.
        """
        missing: dict[ImageId, Exception] = {}
        try:
            steps, different, matched, missing = await self._matched(changes)
            if missing:
                changes = [each for each in changes if each.image_id not in missing]
            if place is not None:
                await place.turn()
            if into.is_current and changes:
                into.apply(changes, steps, different, matched)
                await into.settle_trials()
        except BaseException:
            self._has_missed(into, number, len(changes))
            raise
        if missing:
            self._has_missed(into, number, len(missing))
        if into.is_current and changes:
            self._room.hold()
            self._state.bump()
        return missing

    async def _matched(
        self, changes: Sequence[Change]
    ) -> tuple[list[Step], list[Joined], MatchedImages | None, dict[ImageId, Exception]]:
        """Return what stores take in, and the images that cannot be matched."""
        missing: dict[ImageId, Exception] = {}
        steps, different = self._steps(changes)
        try:
            matched = await self._matcher.match(different) if different else None
        except Exception as error:
            images = {each.image_id: each for each in different}
            if len(images) == 1:
                return [], [], None, dict.fromkeys(images, error)
            missing = await self._unmatched(different)
            if not missing:
                raise
            steps, different = self._steps([c for c in changes if c.image_id not in missing])
            matched = await self._matcher.match(different) if different else None
        return steps, different, matched, missing

    async def _unmatched(self, joined: Sequence[Joined]) -> dict[ImageId, Exception]:
        """Return the images that cannot be matched by themselves either."""
        missing: dict[ImageId, Exception] = {}
        for each in joined:
            try:
                await self._matcher.match([each])
            except Exception as error:  # noqa: BLE001 (whatever it is, it is this image's)
                missing[each.image_id] = error
        return missing

    def _steps(self, changes: Sequence[Change]) -> tuple[list[Step], list[Joined]]:
        """Return what changes ask of stores, and each content that this names, once."""
        steps = steps_of(changes, self._state.definition.comparisons)
        return steps, list({step.joined.key: step.joined for step in steps}.values())

    def _has_missed(self, into: Stores, number: int, images: int) -> None:
        # What the journal holds and the stores lack is made up for by the next start.
        into.has_missed(number)
        _LOG.warning("monitor %s has taken frames that it could not count", self._state.name)
        self._state.outcomes.count(NOT_COUNTED, images)
        self._state.bump()
