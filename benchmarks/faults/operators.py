"""What operators ask for beside the load of a campaign: monitors that come and go, and backups."""

import asyncio
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from backups import CUT_OFF, MADE, Backups
from passing import CREATE, DELETE, TELL, Passing
from promises import promised
from senders import Place, Sender
from traffic_script import Script, make_script

from boxgauge.engine import Engine
from boxgauge.server.journal import Journal
from boxgauge.server.journal.store import Store

NAMES = ("exact-passing", "sketch-passing")
IMAGES = 24  # of the script that passing monitors are told at last
OPERATION, BACKUP = "operation", "backup"
_TABLES = ("models", "sides", "current", "superseded", "changes", "parts")
_GONE_S, _POLL_S = 60.0, 0.001


class Operators:
    """Asks for monitors to be made, reset and deleted, and for backups, at random moments.

    Args:
        folder: For backups.
        script: Of the load, whose monitors are not touched.
        senders: Of the load.
        chance: Decides.
    """

    def __init__(
        self, folder: Path, script: Script, senders: Sequence[Sender], chance: random.Random
    ) -> None:
        self._begin_s = script.begin_s
        self.passing = [Passing(name, script.begin_s) for name in NAMES]
        self.backups = Backups(folder, senders, self.passing)
        self._chance = chance
        self._is_over = False

    async def run(self, place: Place, pace_s: float) -> None:
        """Ask for one thing after the other until told to stop.

        Args:
            place: Where the service is.
            pace_s: Mean time between two operations on a monitor; of backups ten times that.

        Raises:
            BrokenPromiseError: Something is not as it must be.
        """
        steps = [(each.step, pace_s) for each in self.passing]
        async with asyncio.TaskGroup() as tasks:
            for step, pace in (*steps, (self.backups.step, 10 * pace_s)):
                tasks.create_task(self._repeated(step, place, pace))

    def stop(self) -> None:
        """Let what was begun be done, and begin nothing more."""
        self._is_over = True

    async def until(self, aim: str) -> None:
        """Wait until an operation is under way, or a backup."""
        if aim == BACKUP:
            await self.backups.until_under_way()
            return
        while not any(each.asked for each in self.passing):  # noqa: ASYNC110 (it lasts for longer)
            await asyncio.sleep(_POLL_S)

    def under_way(self) -> list[str]:
        """Return what is asked for and not answered now, each kind once."""
        found = {f"a monitor's {each.asked}" for each in self.passing if each.asked}
        return sorted(found) + ["a backup"] * self.backups.is_under_way

    async def finish(self, place: Place) -> Script:
        """Make a last backup; have the passing monitors deleted, made, and told all of a script.

        Returns:
            The script: what they say at last is what monitors say that were never there before.
        """
        await self.backups.step(place, self._chance)
        for each in self.passing:
            await each.look(place)
            for operation in (CREATE, TELL, DELETE, CREATE):
                await each.done(place, operation)
            await each.look(place)
        seed = self._chance.randrange(2**32)
        script = make_script(IMAGES, seed, NAMES, self._begin_s)
        senders = [Sender(messages) for messages in script.sent.values()]
        await asyncio.gather(*(each.run(place, self._chance) for each in senders))
        return script

    async def check_backups(self, engine: Engine) -> None:
        """Restore each backup that was acknowledged, and see that all is there.

        Raises:
            BrokenPromiseError: Something is not.
        """
        await self.backups.check(engine)

    async def _repeated(
        self, step: Callable[[Place, random.Random], Awaitable[None]], place: Place, pace_s: float
    ) -> None:
        while not self._is_over:
            await asyncio.sleep(self._chance.expovariate(1 / pace_s))
            await step(place, self._chance)


class Told:
    """What came of all that operators of a campaign asked for."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        self.found: Counter[tuple[str, bool]] = Counter()
        self.refused: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.commands_killed = self.looks = self.restored = self.known = 0

    def add(self, operators: Operators) -> None:
        """Count what came of what these asked for."""
        for each in operators.passing:
            self.answered += each.answered
            self.found += each.found
            self.refused += each.refused
            self.looks += each.looks
        self.outcomes += operators.backups.outcomes
        self.commands_killed += operators.backups.killed
        self.restored += operators.backups.restored
        self.known += operators.backups.known

    def rows(self) -> dict[str, str]:
        """Return rows of a table."""
        happened = sum(n for (_, is_so), n in self.found.items() if is_so)
        not_answered = f"{self.found.total():,}, of which {happened:,} had happened"
        return {
            "monitors made, told, reset and deleted, acknowledged": _counts(self.answered),
            "of these asked for and not answered, whole or not at all": not_answered,
            "looks at such monitors, each as it must be": f"{self.looks:,}",
            "backups acknowledged": f"{self.outcomes[MADE]:,}",
            "of these the newest of each run, verified and served": f"{self.restored:,}",
            "acknowledged frames sent to them once more, all known": f"{self.known:,}",
            "backups cut off by a kill, which left nothing": f"{self.outcomes[CUT_OFF]:,}",
            "backup commands killed while they wrote, and repeated": f"{self.commands_killed:,}",
        }


async def check_gone(journal: Path) -> None:
    """See that of monitors that are deleted or reset no row remains, once rows are removed.

    Raises:
        BrokenPromiseError: There are rows of none that is there, or they do not become fewer.
    """

    def left(store: Store) -> dict[str, int]:
        live = ",".join(str(each.id) for each in store.spaces.values())
        counts = {"discarded": len(store.discarded)}
        for table in _TABLES:
            asked = f"SELECT count(*) FROM {table} WHERE space NOT IN ({live})"  # noqa: S608 (numbers)
            (counts[table],) = store.connection.execute(asked).fetchone()
        return {name: count for name, count in counts.items() if count}

    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "journal.db"
        await asyncio.to_thread(shutil.copy, journal, copied)
        opened = await Journal.open(copied)
        try:
            deadline = asyncio.get_running_loop().time() + _GONE_S
            while found := await opened._do(left):
                in_time = asyncio.get_running_loop().time() < deadline
                promised(is_kept=in_time, claim=f"nothing is left of what is gone: {found}")
        finally:
            await opened.close()


def _counts(of: Counter[str]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in sorted(of.items()))
