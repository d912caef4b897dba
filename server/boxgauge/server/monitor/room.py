"""Whether a monitor has room for more frames, and how much of it is taken."""

from collections.abc import Sequence

from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.journal.types import CameFrame
from boxgauge.server.monitor.definition import TallyKind
from boxgauge.server.monitor.state import MonitorState
from boxgauge.server.monitor.surroundings import Surroundings

WAITING = "max_waiting"  # the bound on messages under way


class Room:
    """The room of one monitor: messages under way, tallies, the journal's file, boxes held.

    Boxes and image sides are held in memory by exact monitors alone, and only theirs count
    in the ledger.

    Args:
        state: Of the monitor.
        around: What all monitors share.
    """

    def __init__(self, state: MonitorState, around: Surroundings) -> None:
        self._state = state
        self._around = around
        self._share = around.ledger.share()
        self._is_exact = state.definition.tally is TallyKind.EXACT
        self._full: ResourceExhaustedError | None = None
        self._boxes = self._images = 0  # reserved

    def look(self, under_way: int) -> None:
        """Look whether frames can be taken now, once for all of a message.

        Args:
            under_way: Messages before this one that are not reported on yet.
        """
        self._full = self._refusal(under_way)

    def take(self, boxes: int, images: int) -> None:
        """Reserve room for frames under way, until the journal says how many are held.

        Raises:
            ResourceExhaustedError: A bound would be passed, or was when `look` was called.
        """
        if self._full is not None:
            raise self._full
        if self._is_exact:
            self._share.take(boxes, images)
            self._boxes += boxes
            self._images += images

    def give_back(self, frames: Sequence[CameFrame]) -> None:
        """Give back the room of frames that are no longer under way."""
        if frames and self._is_exact:
            roomy = [each for each in frames if each.no_room is None]
            self._boxes -= sum(each.boxes for each in roomy)
            self._images -= len(roomy)
            self.hold()

    def hold(self) -> None:
        """Say how much of what is bounded this monitor holds now."""
        if self._state.is_deleted:
            return
        if self._is_exact:
            counts = self._state.counts
            self._share.hold(counts.boxes + self._boxes, counts.sides + self._images)
        self._around.telemetry.tallies(
            self._state.name, self._state.stores.tally_bytes, self._around.max_tally_bytes
        )

    def release(self) -> None:
        """Count this monitor as empty."""
        self._share.release()

    def _refusal(self, under_way: int) -> ResourceExhaustedError | None:
        """Return why no frame can be taken now: too many wait, or tallies or journal are full."""
        around, stores = self._around, self._state.stores
        if under_way >= around.max_waiting:
            # Streams are bounded, but a stream that is cancelled leaves its messages under way.
            return ResourceExhaustedError(
                f"at most {around.max_waiting} messages of a monitor may be under way: try again"
                " later",
                field=WAITING,
                value=around.max_waiting,
            )
        tally_bytes = stores.tally_bytes
        if tally_bytes >= around.max_tally_bytes:
            stores.settle()
            tally_bytes = stores.tally_bytes
        for name, found, most in (
            ("max_tally_bytes", tally_bytes, around.max_tally_bytes),
            ("max_journal_bytes", around.journal.file_bytes, around.max_journal_bytes),
        ):
            if found >= most:
                return ResourceExhaustedError(
                    f"{name} is {most}, and {found} are taken: reset or delete a monitor, or"
                    " raise the bound",
                    field=name,
                    value=most,
                )
        return None
