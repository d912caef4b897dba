"""What was acknowledged and is gone, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from boxgauge.frames import DataLossError
from boxgauge.server.journal.ledger import Ledger

_SHOWN = 20  # ranges; the rest are counted
_WHAT = {
    "monitors": "monitors with all that was sent to them",
    "spaces": "monitors' frames",
    "models": "models with their predictions",
    "sides": "sides of images",
}


@dataclass(slots=True)
class Loss:
    """What is missing of what was acknowledged.

    Attributes:
        commits: First and last of those that are missing as a whole; None: none is.
        numbers: First and last sequence number in these.
        rows: How many rows that cannot be made from others are gone, by table.
        sides: Sequence numbers of sides that are gone, as far as they are known.
        counted: By monitor: sides that had expired, of which the counts alone were kept.
        untold: In words, what cannot even be told.
    """

    commits: tuple[int, int] | None = None
    numbers: tuple[int, int] | None = None
    rows: dict[str, int] = field(default_factory=dict)
    sides: set[int] = field(default_factory=set)
    counted: dict[str, int] = field(default_factory=dict)
    untold: str = ""

    def __bool__(self) -> bool:
        return bool(self.commits or any(self.rows.values()) or self.counted or self.untold)

    @property
    def lost(self) -> int:
        """Say how many rows and sequence numbers were given up with it."""
        first, last = self.numbers or (1, 0)
        return last - first + 1 + sum(self.rows.values()) + sum(self.counted.values())

    def behind(self, here: Ledger, acknowledged: Ledger | None) -> None:
        """Note the commits that were acknowledged and are not here."""
        if acknowledged is None or acknowledged.commits <= here.commits:
            return
        self.commits = here.commits + 1, acknowledged.commits
        if acknowledged.number > here.number:
            self.numbers = here.number + 1, acknowledged.number

    def words(self) -> str:
        """Say it in words."""
        said = []
        if self.untold:
            said.append(self.untold)
        if self.commits:
            numbers = (
                f"the sequence numbers {_spans([self.numbers])}"
                if self.numbers
                else "no sequence number among them"
            )
            said.append(f"commits {_spans([self.commits])} are missing, {numbers}")
        for table, count in self.rows.items():
            if count and table == "sides":
                named = _spans(ranges(self.sides)) if self.sides else ""
                known = f"sequence numbers {named}" if named else "of unknown numbers"
                if 0 < len(self.sides) < count:
                    known += f" and {count - len(self.sides)} of unknown numbers"
                said.append(f"{count} sides of images are missing or damaged, {known}")
            elif count:
                said.append(f"{count} of {_WHAT[table]} are missing or damaged")
        for monitor, count in self.counted.items():
            said.append(f"monitor {monitor} has lost the counts of {count} sides that had expired")
        return "; ".join(said)

    def refusal(self, name: str, *, beside: str = "") -> DataLossError:
        """Return the error of a start that does not accept it."""
        return DataLossError(
            f"the journal {name} has lost what was acknowledged: {self.words()}.{beside} Restore a"
            " backup, or start with --accept-loss (BOXGAUGE_ACCEPT_LOSS=true) to go on with what"
            " verifies",
            field="journal",
            value=name,
        )


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return first and last of each run of whole numbers, ascending."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return found


def _spans(of: Sequence[tuple[int, int]]) -> str:
    shown = [str(low) if low == high else f"{low} to {high}" for low, high in of[:_SHOWN]]
    more = len(of) - _SHOWN
    return ", ".join(shown) + (f" and {more} more ranges" if more > 0 else "")
