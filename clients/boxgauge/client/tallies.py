"""A monitor's tallies as bytes, put together from the parts in which they come."""

from dataclasses import dataclass, field

from boxgauge.client.report_parts import Window
from boxgauge.client.report_parts_in import window_from
from boxgauge.frames import UnavailableError
from boxgauge.v1 import monitor_pb2 as pb


@dataclass(frozen=True, slots=True)
class ExportedTally:
    """One tally, to be kept, sent or merged elsewhere.

    Attributes:
        model: Of which model.
        slice: Of which slice, ``key=value``; empty: all images.
        window: Over which images.
        content: What ``ExactTally.from_bytes`` or ``SketchTally.from_bytes`` of
            ``boxgauge.engine`` reads.
    """

    model: str
    slice: str
    window: Window | None
    content: bytes


@dataclass(slots=True)
class TallyParts:
    """Puts tallies together.

    Args:
        target: Where they come from, for the error of an end too early.
    """

    target: str
    _parts: list[bytes] = field(default_factory=list)

    def add(self, message: pb.ExportTalliesResponse) -> ExportedTally | None:
        """Take a part and return its tally when that is whole."""
        self._parts.append(message.part)
        if not message.is_last:
            return None
        content, self._parts = b"".join(self._parts), []
        return ExportedTally(message.model, message.slice, window_from(message), content)

    def end(self) -> None:
        """Say that there are no more parts.

        Raises:
            UnavailableError: A tally is not whole.
        """
        if self._parts:
            raise UnavailableError(f"{self.target} ended in the middle of a tally: ask again")
