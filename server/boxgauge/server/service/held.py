"""What several gates hold together: one bound on it, and whoever has the most waiting gives way."""

from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import Protocol

from boxgauge.frames import ResourceExhaustedError


class Line(Protocol):
    """Where callers wait: one of several."""

    def sizes(self) -> Iterable[tuple[str, int]]:
        """Return the callers that wait here, and how much each of them has waiting."""

    def newest(self, caller: str) -> int:
        """Return the number of the last thing of this caller's that holds something; -1: none."""

    def give_way(self, caller: str) -> None:
        """Refuse that thing."""


class Held:
    """The size of all that is under way or waits, behind whichever gate; lives on one event loop.

    Args:
        name: The bound, as refusals name it.
        most: The bound.

    Attributes:
        most: The bound.
        total: What is held now.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self.most = most
        self.total = 0
        self._lines: list[Line] = []
        self._numbers = count()

    def join(self, line: Line) -> None:
        """Let those who wait in this line give way like all others."""
        self._lines.append(line)

    def number(self) -> int:
        """Return a number that is higher than all before: what is newest has the highest."""
        return next(self._numbers)

    def is_full_of(self, caller: str) -> bool:
        """Say whether what this caller brings now would be refused if it has to wait."""
        return self.total >= self.most and self._largest() == caller

    def make_room(self) -> None:
        """Refuse what is newest of who has the most waiting until the rest may be held."""
        while self.total > self.most:
            caller = self._largest()
            if caller is None:
                return
            newest = [(line.newest(caller), line) for line in self._lines]
            max(newest, key=lambda each: each[0])[1].give_way(caller)

    def refusal(self) -> ResourceExhaustedError:
        """Return what those are told who give way."""
        return ResourceExhaustedError(
            f"the service is busy ({self._name} is {self.most}): send again later",
            field=self._name,
            value=self.most,
        )

    def check(self, what: str, size: int) -> None:
        """Check that something would fit if there were nothing else.

        Raises:
            ResourceExhaustedError: It never will.
        """
        if size > self.most:
            raise ResourceExhaustedError(
                f"{what} takes {size} bytes in memory: {self._name} is {self.most}",
                field=self._name,
                value=size,
            )

    def _largest(self) -> str | None:
        sizes: Counter[str] = Counter()
        for line in self._lines:
            for caller, size in line.sizes():
                sizes[caller] += size
        # What holds nothing cannot be had back.
        return max(+sizes, key=lambda each: sizes[each], default=None)
