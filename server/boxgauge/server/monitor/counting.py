"""Counts what changed: matched, and brought into the stores in journal order."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from boxgauge.engine import MatchedImages
from boxgauge.frames import ImageId, UnavailableError
from boxgauge.server.journal.types import Change, HeldSide
from boxgauge.server.monitor.line import Place
from boxgauge.server.monitor.matcher import Matcher
from boxgauge.server.monitor.outcomes import NOT_COUNTED
from boxgauge.server.monitor.recovery import Recovery
from boxgauge.server.monitor.room import Room
from boxgauge.server.monitor.rows import GROUND_TRUTH, PREDICTION
from boxgauge.server.monitor.state import MonitorState
from boxgauge.server.monitor.steps import Joined, Step, steps_of
from boxgauge.server.monitor.stores import Stores

_LOG = logging.getLogger(__name__)
_RESTS_S = (0.05, 0.5)  # before matching is tried again; those behind wait in the line


class Counting:
    """The way of one monitor's changes from the journal to its stores.

    Args:
        state: Of the monitor.
        room: Of the monitor; told how much is held once it is counted.
        matcher: Of the monitor.
        recovery: Makes its stores anew where they lack what was journalled.
    """

    def __init__(
        self, state: MonitorState, room: Room, matcher: Matcher, recovery: Recovery
    ) -> None:
        self._state = state
        self._room = room
        self._matcher = matcher
        self._recovery = recovery

    async def count(
        self, changes: Sequence[Change], into: Stores, number: int, place: Place
    ) -> Mapping[ImageId, UnavailableError] | None:
        """Match what changed, wait for the turn, and bring the stores up to date.

        Returns:
            Images that cannot be matched, and what their callers are told: they are not counted,
            all others are, and the stores are made anew a little later. None: nothing is counted
            yet; the stores are made anew, which makes up for it.

        Args:
            changes: In journal order.
            into: The stores that were current when they were journalled.
            number: Of the last of them.
            place: In the monitor's line.

        Raises:
            UnavailableError: The service stops.
        """
        try:
            known = self._countable(changes, into)
            steps, different, matched, missing = await self._matched(known)
            await place.turn()
            if self._recovery.is_under_way and into.is_current:
                return None  # what the journal has after a gap is counted once that is closed
            if len(still := self._countable(known, into)) < len(known):
                # Those before could not match an image of these.
                steps, different, matched, missing = await self._matched(still)
            left = [each for each in still if each.image_id not in missing]
            if into.is_current and left:
                into.apply(left, steps, different, matched)
                await into.settle_trials()
        except BaseException as error:
            is_stopping = not isinstance(error, Exception) or isinstance(error, UnavailableError)
            self._has_missed(into, number, len(changes), None if is_stopping else error)
            if is_stopping or not into.is_current:
                raise  # the next start makes up for it; a reset has nothing to make up for
            self._recovery.begin()
            return None
        out = {each.image_id for each in changes} - {each.image_id for each in left}
        if out and into.is_current:
            first = next(each.number for each in changes if each.image_id in out)
            self._has_missed(into, first, len(out), next(iter(missing.values()), None), out)
            self._recovery.begin(is_urgent=False)
        if into.is_current and left:
            self._room.hold()
            self._state.bump()
        return {each: not_matched(self._state.name, each) for each in out}

    async def restore(self, changes: Sequence[Change], into: Stores) -> None:
        """Count what the journal holds in stores that nobody else changes.

        Images that cannot be matched are left out, and the stores say so.

        Raises:
            Exception: Nothing can be matched.
        """
        known = self._countable(changes, into)
        steps, different, matched, missing = await self._matched(known)
        left = [each for each in known if each.image_id not in missing]
        if left:
            into.apply(left, steps, different, matched)
            await into.settle_trials()
        if missing:
            into.has_missed(changes[0].number, missing)
            fault = next(iter(missing.values()))
            _LOG.error("%d images cannot be counted", len(missing), exc_info=fault)

    def _countable(self, changes: Sequence[Change], into: Stores) -> Sequence[Change]:
        """Return the changes of images of which the stores have all that came before."""
        if not into.unmatched:
            return changes
        return [each for each in changes if each.image_id not in into.unmatched]

    async def _matched(
        self, changes: Sequence[Change]
    ) -> tuple[list[Step], list[Joined], MatchedImages | None, dict[ImageId, Exception]]:
        """Return what stores take in, and the images that cannot be matched though others can.

        Raises:
            Exception: Nothing can be matched.
        """
        missing: dict[ImageId, Exception] = {}
        steps, different = self._steps(changes)
        try:
            matched = await self._patiently_matched(different) if different else None
        except UnavailableError:
            raise
        except Exception:
            images = {each.image_id for each in different}
            missing = await self._unmatched(different)
            if not missing or (len(missing) == len(images) and not await self._works()):
                raise
            steps, different = self._steps([c for c in changes if c.image_id not in missing])
            matched = await self._matcher.match(different) if different else None
        return steps, different, matched, missing

    async def _patiently_matched(self, joined: Sequence[Joined]) -> MatchedImages:
        """Return these images matched; a fault that passes is waited out."""
        for rest_s in _RESTS_S:
            try:
                return await self._matcher.match(joined)
            except UnavailableError:
                raise
            except Exception:  # noqa: BLE001 (the last attempt below says what it is)
                _LOG.warning("matching failed and is tried again in %s s", rest_s)
                await asyncio.sleep(rest_s)
        return await self._matcher.match(joined)

    async def _unmatched(self, joined: Sequence[Joined]) -> dict[ImageId, Exception]:
        """Return the images that cannot be matched by themselves either."""
        missing: dict[ImageId, Exception] = {}
        for each in joined:
            try:
                await self._matcher.match([each])
            except UnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 (whatever it is, it is this image's)
                missing[each.image_id] = error
        return missing

    async def _works(self) -> bool:
        """Say whether anything can be matched: one box with itself."""
        label = self._state.definition.classes[0].id
        prediction, truth = np.zeros(1, PREDICTION), np.zeros(1, GROUND_TRUTH)
        for rows in (prediction, truth):
            rows["boxes"], rows["labels"] = (0, 0, 1, 1), label
        truth["areas"] = 1.0
        predicted, labelled = (
            HeldSide(number, 0, rows.tobytes(), 1, 0, 0, (), "", "")
            for number, rows in enumerate((prediction, truth))
        )
        try:
            await self._matcher.match([Joined("", predicted, labelled, predicted)])
        except UnavailableError:
            raise
        except Exception:  # noqa: BLE001 (what is at fault is told for the images themselves)
            return False
        return True

    def _steps(self, changes: Sequence[Change]) -> tuple[list[Step], list[Joined]]:
        """Return what changes ask of stores, and each content that this names, once."""
        steps = steps_of(changes, self._state.definition.comparisons)
        return steps, list({step.joined.key: step.joined for step in steps}.values())

    def _has_missed(
        self,
        into: Stores,
        number: int,
        images: int,
        why: BaseException | None,
        unmatched: Collection[ImageId] | None = None,
    ) -> None:
        into.has_missed(number, unmatched)
        _LOG.warning(
            "monitor %s has taken frames that it could not count", self._state.name, exc_info=why
        )
        self._state.outcomes.count(NOT_COUNTED, images)
        self._state.bump()


def not_matched(monitor: str, image_id: ImageId) -> UnavailableError:
    """Return what the caller of an image is told that is journalled, and not counted."""
    return UnavailableError(
        f"image {image_id!r} of monitor {monitor} is journalled, but could not be matched, and is"
        " not counted: it is tried again, and reports say so until then",
        field="image_id",
        value=image_id,
    )
