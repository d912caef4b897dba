"""Backups beside the load: one that was acknowledged has all that was acknowledged before it.

One that was interrupted, because the service or the command was killed, leaves no file by the name
that was asked for.
"""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

from judged import serving
from passing import Life, Passing, facts_of, seen
from promises import promised
from senders import Place, Repeater, Sender, frames_of

from boxgauge.client import AdminClient
from boxgauge.engine import Engine
from boxgauge.frames import BoxGaugeError, ResourceExhaustedError

MADE, CUT_OFF, REFUSED, NO_ROOM = "made", "cut off", "refused", "no room for its file"
# Of backups, those whose command is killed while it writes.
COMMANDS_KILLED = 0.15
_POLL_S = 0.001
KEPT = 24  # of the newest, to be restored: they take room
# Of each sender what was acknowledged; of each passing monitor what it may be, and how many lives
# it has had.
_Since = tuple[list[int], dict[str, tuple[list[Life], int]]]
# In which the service notices that a command that was killed reads no more.
_NEXT_S = 10.0


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was acknowledged.

    Attributes:
        path: Its file.
        done: Messages of each sender that were acknowledged before it was asked for.
        lives: By passing monitor, what it may have been while it was made.
    """

    path: Path
    done: list[int]
    lives: dict[str, list[Life]]


@dataclass
class Backups:
    """Whoever asks for backups.

    Attributes:
        folder: Where they are put, and nothing else is.
        senders: Of whose messages a backup has those that are acknowledged.
        passing: Monitors that come and go meanwhile.
        outcomes: What came of how many.
        killed: Commands that were killed while they wrote.
        made: The newest that are whole.
        last: The last refusal.
        restored: How many were served, and had all that they must.
        known: Frames that were acknowledged before a backup, and known to its service.
    """

    folder: Path
    senders: Sequence[Sender]
    passing: Sequence[Passing]
    outcomes: Counter[str] = field(default_factory=Counter)
    killed: int = 0
    made: list[Made] = field(default_factory=list)
    last: BoxGaugeError | None = None
    restored: int = 0
    known: int = 0
    _names: int = 0
    _writing: Path | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a file is being written."""
        return self._writing is not None and _unfinished(self._writing).exists()

    async def until_under_way(self) -> None:
        """Wait until a file is being written."""
        while not self.is_under_way:  # noqa: ASYNC110 (a file tells no event)
            await asyncio.sleep(_POLL_S)

    async def step(self, place: Place, chance: random.Random) -> None:
        """Make one, which may be cut off, or kill the command that does.

        Raises:
            BrokenPromiseError: Something is left behind, or the next one cannot be made.
        """
        address, path = await place.found(), self.next_path()
        if chance.random() < COMMANDS_KILLED:
            path = await self.kill_command(address, path)
            address = await place.found()
        deadline = asyncio.get_running_loop().time() + _NEXT_S
        while (outcome := await self.ask(address, path)) == REFUSED:
            in_time = asyncio.get_running_loop().time() < deadline
            promised(is_kept=in_time, claim=f"the next backup can be made: {self.last}")
            await asyncio.sleep(_POLL_S)
        is_there = outcome == MADE or place.address != address
        promised(is_kept=is_there, claim=f"a backup is whole, but for a kill: {self.last}")

    def next_path(self) -> Path:
        """Return a name that no other has."""
        self._names += 1
        return self.folder / f"backup-{self._names}.db"

    async def ask(self, address: str, path: Path) -> str:
        """Ask for one, and say what came of it.

        Raises:
            BrokenPromiseError: There is a file though it was not acknowledged, or the reverse.
        """
        since, self._writing = self._now(), path
        try:
            outcome = await asyncio.to_thread(self._ask, address, path)
        finally:
            self._writing = None
        self.outcomes[outcome] += 1
        found, is_made = names(path.parent), outcome == MADE
        is_so = (path.name in found) == is_made and _unfinished(path).name not in found
        promised(is_kept=is_so, claim=f"{path.name}, which was {outcome}, is there or not: {found}")
        if is_made:
            self._keep(path, since)
        return outcome

    async def kill_command(self, address: str, path: Path) -> Path:
        """Start the command and kill it while it writes; return the name for the next one.

        That is the same: what the command has left does not matter.
        """
        since = self._now()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "boxgauge.cli", "backup", "--to", str(path)),
            *("--target", address),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        ended = asyncio.create_task(process.wait())
        while not (ended.done() or _unfinished(path).exists()):  # noqa: ASYNC110 (likewise)
            await asyncio.sleep(_POLL_S)
        if not ended.done():
            process.send_signal(SIGKILL)
            self.killed += 1
        await ended
        if path.name in names(path.parent):  # It had ended by then, and must be whole likewise.
            self._keep(path, since)
            return self.next_path()
        return path

    async def check(self, engine: Engine) -> None:
        """Restore each of them, and see that all is there; removes them.

        Raises:
            BrokenPromiseError: Something that was acknowledged before it was asked for is not.
        """
        while self.made:
            made = self.made.pop()
            async with serving(engine, made.path) as address:
                for each in self.passing:
                    said = await seen(address, each.name)
                    could = [facts_of(life) for life in made.lives[each.name]]
                    claim = f"{each.name} of a backup: {said}, not of {could}"
                    promised(is_kept=said in could, claim=claim)
                repeater = Repeater(self.senders)
                told = zip(self.senders, made.done, strict=True)
                messages = [m for each, done in told for m in each.messages[:done]]
                await repeater.repeat(address, messages)
            wanted = sum(frames_of(each) for each in messages)
            is_all = repeater.repeated == wanted
            promised(is_kept=is_all, claim=f"{wanted} frames of a backup: {repeater.repeated}")
            self.restored += 1
            self.known += wanted
            made.path.unlink()

    def _now(self) -> _Since:
        done = [each.done for each in self.senders]
        return done, {each.name: (each.may_be, len(each.lives)) for each in self.passing}

    def _keep(self, path: Path, since: _Since) -> None:
        done, before = since
        lives = {}
        for each in self.passing:
            may_be, seen_then = before[each.name]
            lives[each.name] = [*may_be, *each.lives[seen_then:]]
        self.made.append(Made(path, done, lives))
        if len(self.made) > KEPT:
            self.made.pop(0).path.unlink()

    def _ask(self, address: str, path: Path) -> str:
        with AdminClient(address) as client:
            try:
                client.backup(path)
            except ResourceExhaustedError as error:
                self.last = error
                return REFUSED
            except BoxGaugeError as error:
                self.last = error
                return CUT_OFF
            except OSError:
                return NO_ROOM
        return MADE


def names(folder: Path) -> list[str]:
    """Return the names of the files of a folder."""
    return sorted(each.name for each in folder.iterdir())


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.unfinished")
