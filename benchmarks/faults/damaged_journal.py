"""A journal as a killed process leaves it, ways to damage it, and a judge of what a start does.

The judge knows what was acknowledged from the calls themselves, and where commits end in the
write-ahead log from the log's own format: it asks nothing of the code that it judges but to open
the file and to read it.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from boxgauge.frames import DataLossError
from boxgauge.server.journal import CameFrame, HeldSide, Journal
from boxgauge.server.journal.loss import Loss

MODELS = ("", "a", "b")
MAX_MODELS = 4
_FRAME = 24 + 4096  # of the log: header and page
_LOG_HEADER = 32
SUFFIXES = ("", "-wal", "-mark")
MARK_BEFORE, OLDER = "mark-before", "older"
Key = tuple[str, str, int | str]  # monitor, model, image


class WrongError(Exception):
    """Something else than promised happened."""


def must(is_so: object, claim: str) -> None:
    """Raise where a claim does not hold.

    Raises:
        WrongError: It does not.
    """
    if not is_so:
        raise WrongError(f"it does not hold that {claim}")


@dataclass
class Truth:
    """What was acknowledged.

    Attributes:
        held: The sides that hold.
        monitors: Names and definitions.
        before: Those that held before the last call, with the same call's monitors and parts.
        parts: By monitor.
        number: The last one given.
        expired: By monitor: how many sides were let go.
    """

    held: dict[Key, HeldSide] = field(default_factory=dict)
    before: dict[Key, HeldSide] = field(default_factory=dict)
    monitors: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    number: int = 0
    expired: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What one start did.

    Attributes:
        outcome: "whole", "repaired" or "refused".
        loss: What was accepted by the start behind a refusal.
    """

    outcome: str
    loss: Loss


def frame(model: str, image: int | str, revision: int = 0, size: int = 900) -> CameFrame:
    """Return a frame whose boxes tell which one it is."""
    text = f"{model}/{image}/{revision}."
    return CameFrame(
        model=model,
        image_id=image,
        revision=revision,
        retracted=False,
        digest=text.encode().ljust(16, b"_")[:16],
        rows=(text * (size // len(text) + 1)).encode()[:size],
        boxes=3,
        time_us=1000 + int(str(image).strip("i")),
        is_time_given=True,
        arrived_us=5000,
        slices=("camera=north",),
        cluster="",
        source="",
    )


async def fill(path: Path, kept: Path, *, images: int) -> Truth:
    """Write a journal with something in every table, and keep it as a killed process leaves it.

    Most of it is in the file, the last calls in the log alone.

    Args:
        path: Where it is written.
        kept: The folder that gets its files while it is open; beside them its mark from before
            the last call, and its file from before the last calls.
        images: In each monitor.
    """
    truth = Truth()
    kept.mkdir()  # noqa: ASYNC240 (nothing else runs)
    journal = await Journal.open(path)
    ids: dict[str, int] = {}
    for name in ("street", "yard"):
        truth.monitors[name] = name.encode() * 20
        ids[name] = await journal.create(name, truth.monitors[name])
    number = 0
    for step in range(0, images, 8):
        for monitor in ids.values():
            for model in MODELS:
                frames = [frame(model, _image(k), 0) for k in range(step, min(step + 8, images))]
                number = (await journal.take(monitor, frames, max_models=MAX_MODELS)).number
        if step == images // 16 * 8:
            await journal.close()
            shutil.copyfile(path, kept / OLDER)
            journal = await Journal.open(path)
    for name, monitor in ids.items():
        made = {"state": {"state": b"kept"}, "quality a": {"hour": name.encode() * 300}}
        await journal.checkpoint(monitor, made, number)
        truth.parts[name] = made
    gone = await journal.expire(ids["yard"], 1000 + images // 4, limit=10_000)
    truth.expired["yard"] = len(gone.joined) + gone.unlabelled + gone.unpredicted
    await journal.close()
    journal = await Journal.open(path)
    # Behind the checkpoint: corrections, whose old sides are still needed, and late images.
    for monitor in ids.values():
        corrected = [frame("a", _image(k), 1) for k in range(images // 2, images, 5)]
        await journal.take(monitor, corrected, max_models=MAX_MODELS)
    truth.before, _ = await read(journal)
    shutil.copyfile(f"{path}-mark", kept / MARK_BEFORE)
    late = [frame(model, _image(images + 3), 0) for model in MODELS]
    taken = await journal.take(ids["yard"], late, max_models=MAX_MODELS)
    truth.number = taken.number
    truth.held, _ = await read(journal)
    for suffix in SUFFIXES:
        shutil.copyfile(f"{path}{suffix}", kept / f"journal{suffix}")
    await journal.close()
    return truth


def _image(k: int) -> int | str:
    return k if k % 2 else f"i{k}"


def placed(kept: Path, folder: Path) -> Path:
    """Return the path of a copy of a kept journal."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder)
    return folder / "journal"


def commits_within(log: bytes, length: int) -> int:
    """Return how many commits of a write-ahead log end within so many of its bytes."""
    ends = [
        start
        for start in range(_LOG_HEADER, len(log) - _FRAME + 1, _FRAME)
        if int.from_bytes(log[start + 4 : start + 8], "big") and _is_of(log, start)
    ]
    return sum(start + _FRAME <= length for start in ends)


def frames_of_last_commit(log: bytes) -> int:
    """Return where the last commit of a write-ahead log begins."""
    length = len(log)
    while commits_within(log, length) == commits_within(log, len(log)):
        length -= _FRAME
    # Back over what that frame shares with the commit before.
    while commits_within(log, length) == commits_within(log, len(log)) - 1 and (
        length - _FRAME >= _LOG_HEADER
        and commits_within(log, length - _FRAME) == commits_within(log, length)
    ):
        length -= _FRAME
    return length


async def read_back(path: Path) -> dict[Key, HeldSide]:
    """Return all sides that a journal serves that may refuse nothing.

    Raises:
        WrongError: It refuses to start.
    """
    try:
        async with _opened(path) as journal:
            return (await read(journal))[0]
    except DataLossError as error:
        raise WrongError(f"what was not acknowledged is no loss: {error}") from None


def _is_of(log: bytes, start: int) -> bool:
    """Say whether a frame is of this log, or of one that was written over."""
    return log[start + 8 : start + 16] == log[16:24]


async def judged(path: Path, truth: Truth) -> Verdict:
    """Open a damaged journal, first without accepting a loss, and check what that does.

    Raises:
        WrongError: Something else than promised happened.
    """
    try:
        async with _opened(path) as journal:
            await _check_whole(journal, truth)
            return Verdict("repaired" if journal.recovery.is_repaired else "whole", Loss())
    except DataLossError as error:
        refusal = str(error)
    async with _opened(path, accept_loss=True) as journal:
        loss = journal.recovery.given_up
        must(loss.words() in refusal, "the refusal says what the next start gives up")
        must(journal.recovery.lost >= loss.lost, "what was given up stays known")
        await _check_rest(journal, truth, loss)
    async with _opened(path) as journal:
        await _check_rest(journal, truth, loss)
        (some, *_) = await journal.monitors() or [None]
        if some is not None:
            taken = await journal.take(some.id, [frame("a", "i9999")], max_models=MAX_MODELS)
            must(taken.number > truth.number, "no number comes twice")
    return Verdict("refused", loss)


@asynccontextmanager
async def _opened(path: Path, *, accept_loss: bool = False) -> AsyncIterator[Journal]:
    journal = await Journal.open(path, wait_s=0, accept_loss=accept_loss)
    try:
        yield journal
    finally:
        await journal.close()


async def read(journal: Journal) -> tuple[dict[Key, HeldSide], dict[str, bytes]]:
    """Return all sides that a journal serves, and its monitors."""
    held: dict[Key, HeldSide] = {}
    monitors = await journal.monitors()
    for each in monitors:
        async for changes in journal.current(each.id):
            for change in changes:
                sides = ((change.model, change.predictions_after), ("", change.truth_after))
                held |= {(each.name, m, change.image_id): s for m, s in sides if s is not None}
        # Whoever follows the log from the last checkpoint must be able to.
        _, number = await journal.parts(each.id)
        async for _ in journal.changes_after(each.id, number):
            pass
    return held, {each.name: each.definition for each in monitors}


async def _check_whole(journal: Journal, truth: Truth) -> None:
    held, monitors = await read(journal)
    must(monitors == truth.monitors, "all monitors are there")
    must(held == truth.held, "all sides are there, as they were")
    for each in await journal.monitors():
        parts, _ = await journal.parts(each.id)
        if await journal.is_lacking(each.id):
            must(not truth.expired.get(each.name), "what had expired was in the parts alone")
        else:
            must(parts == truth.parts[each.name], "tallies are there, as they were")


async def _check_rest(journal: Journal, truth: Truth, loss: Loss) -> None:
    held, monitors = await read(journal)
    if loss.commits is not None:
        _check_older(held, truth, loss)
        return
    must(monitors.items() <= truth.monitors.items(), "monitors are as they were")
    must(held.items() <= truth.held.items(), "what is served is what was acknowledged")
    # Ground truth is read through predictions: of an image without any it is not seen.
    seen = {(name, image) for name, model, image in held if model}
    gone = {
        number
        for (name, model, image), number in _numbers(truth.held) - _numbers(held)
        if name in monitors and (model or (name, image) in seen)
    }
    if not (loss.rows.get("spaces") or loss.rows.get("models")):
        must(len(gone) <= loss.rows.get("sides", 0), "no more is gone than is said")
        unknown = loss.rows.get("sides", 0) - len(loss.sides)
        must(len(gone - loss.sides) <= unknown, "what is gone is named")
    lacking = [each.name for each in await journal.monitors() if await journal.is_lacking(each.id)]
    must(
        held != truth.held
        or monitors != truth.monitors
        or any(truth.expired.get(name) for name in lacking)
        or loss.untold,
        "nothing is refused while nothing is gone",
    )


def _check_older(held: dict[Key, HeldSide], truth: Truth, loss: Loss) -> None:
    """Check that a journal without its last commits is one that there was."""
    first, last = loss.numbers or (truth.number + 1, truth.number)
    must(last == truth.number, "the last number that is missing is the last there was")
    known = loss.sides | {side.number for side in held.values()}
    for key, side in truth.held.items():
        if side.number < first and not any(loss.rows.values()):
            must(held.get(key) == side, "what is not in the missing commits is there")
    must(not any(first <= number <= last for number in known), "nor is what is in them")


def _numbers(held: dict[Key, HeldSide]) -> set[tuple[Key, int]]:
    return {(key, side.number) for key, side in held.items()}
