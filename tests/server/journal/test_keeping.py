"""What is let go: by time, by checkpoints, with a monitor."""

from pathlib import Path

import pytest

from boxgauge.frames import FailedPreconditionError, InvalidInputError
from boxgauge.server.journal import Change, Journal
from tests.server.journal.frames import MAX_MODELS, content, frame, retraction


async def test_labels_wait_for_the_predictions_that_they_are_joined_to(
    journal: Journal, monitor: int
) -> None:
    sides = [frame("", time_us=1), frame("a", time_us=5), frame("b", time_us=2)]
    await journal.take(monitor, sides, max_models=MAX_MODELS)
    first = await journal.expire(monitor, 3)
    assert (first.joined, first.unlabelled, first.unpredicted) == ([("b", 1)], 0, 0)
    assert journal.counts(monitor).labelled == 1
    last = await journal.expire(monitor, 6)
    assert (last.joined, last.unlabelled, last.unpredicted) == ([("a", 1)], 0, 0)
    assert journal.counts(monitor).sides == 0


async def test_a_label_goes_by_its_own_time_once_its_predictions_are_taken_out(
    journal: Journal, monitor: int
) -> None:
    sides = [frame("", time_us=1), frame("a", time_us=5)]
    await journal.take(monitor, sides, max_models=MAX_MODELS)
    assert (await journal.expire(monitor, 3)).unpredicted == 0
    await journal.take(monitor, [retraction("a")], max_models=MAX_MODELS)
    assert (await journal.expire(monitor, 3)).unpredicted == 1


async def test_a_corrected_label_is_still_known_to_have_had_predictions(
    journal: Journal, monitor: int
) -> None:
    sides = [frame("", time_us=5), frame("a", time_us=1)]
    await journal.take(monitor, sides, max_models=MAX_MODELS)
    assert (await journal.expire(monitor, 3)).joined == [("a", 1)]
    correction = frame("", revision=1, time_us=99, is_time_given=False)
    await journal.take(monitor, [correction], max_models=MAX_MODELS)
    last = await journal.expire(monitor, 6)
    assert (last.joined, last.unpredicted) == ([], 0)
    assert journal.counts(monitor).sides == 0


async def test_a_checkpoint_frees_what_it_covers_and_the_file_stops_growing(path: Path) -> None:
    sizes = []
    for first in (0, 20, 60):
        journal = await Journal.open(path)
        monitor = (await journal.monitors() or [None])[0]
        number = await journal.create("cam", b"") if monitor is None else monitor.id
        for revision in range(first, first + 20):
            frames = [frame("a", k, revision, rows=bytes(20_000)) for k in range(8)]
            taken = await journal.take(number, frames, max_models=MAX_MODELS)
            await journal.checkpoint(number, {}, taken.number)
        await journal.close()
        sizes.append(len(content(path)))
    assert sizes[2] == sizes[1] <= 8 * 20_000 * 5


async def test_a_checkpoint_goes_forward_only(journal: Journal, monitor: int) -> None:
    taken = await journal.take(monitor, [frame("a")], max_models=MAX_MODELS)
    with pytest.raises(InvalidInputError, match=f"number must be from .*got {taken.number + 1}"):
        await journal.checkpoint(monitor, {}, taken.number + 1)
    await journal.checkpoint(monitor, {"a": {"hour 1": b"x"}}, taken.number)
    with pytest.raises(InvalidInputError, match=f"got {taken.number - 1}"):
        await journal.checkpoint(monitor, {}, taken.number - 1)
    assert await journal.parts(monitor) == ({"a": {"hour 1": b"x"}}, taken.number)


async def test_superseded_sides_stay_readable_until_a_checkpoint_covers_them(
    journal: Journal, monitor: int
) -> None:
    for revision in range(3):
        frames = [frame("a", revision=revision, rows=b"%d" % revision)]
        taken = await journal.take(monitor, frames, max_models=MAX_MODELS)
    await journal.expire(monitor, 10**9)
    found: list[Change] = [
        each async for some in journal.changes_after(monitor, 0) for each in some
    ]
    rows = [each.predictions_after.rows for each in found if each.predictions_after]
    assert rows == [b"0", b"1", b"2"]
    assert found[-1].number == taken.number


async def test_a_checkpoint_leaves_what_it_does_not_cover(journal: Journal, monitor: int) -> None:
    numbers = []
    for revision in range(4):
        frames = [frame("a", revision=revision, rows=b"%d" % revision)]
        numbers.append((await journal.take(monitor, frames, max_models=MAX_MODELS)).number)
    await journal.checkpoint(monitor, {}, numbers[1])
    for _ in range(3):  # each call sweeps a little
        await journal.monitors()
    found = [each async for some in journal.changes_after(monitor, numbers[1]) for each in some]
    rows = [
        side.rows
        for each in found
        for side in (each.predictions_before, each.predictions_after)
        if side is not None
    ]
    assert rows == [b"1", b"2", b"2", b"3"]


@pytest.mark.parametrize("what", ["take", "expire"])
async def test_reading_all_that_is_held_says_so_when_it_changes_meanwhile(
    journal: Journal, monitor: int, what: str
) -> None:
    frames = [frame("a", k, time_us=k) for k in range(300)]
    await journal.take(monitor, frames, max_models=MAX_MODELS)
    reading = journal.current(monitor)
    assert len(await anext(reading)) == 128
    if what == "take":
        await journal.take(monitor, [frame("a", 77, 1)], max_models=MAX_MODELS)
    else:
        await journal.expire(monitor, 200)
    with pytest.raises(FailedPreconditionError, match="has changed"):
        await anext(reading)


async def test_all_that_is_held_is_read_in_parts_numbers_first(
    journal: Journal, monitor: int
) -> None:
    ids: list[int | str] = [*range(-150, 150), *(str(k) for k in range(-150, 150))]
    frames = [frame(model, each) for each in ids for model in ("a", "")]
    await journal.take(monitor, frames, max_models=MAX_MODELS)
    parts = [some async for some in journal.current(monitor)]
    assert len(parts) == 5
    assert all(each.truth_after is not None for some in parts for each in some)
    found = [each.image_id for some in parts for each in some]
    assert found[:300] == ids[:300]
    assert sorted(found[300:]) == sorted(ids[300:])


async def test_a_deleted_monitor_leaves_nothing_and_its_name_is_free_at_once(path: Path) -> None:
    sizes = []
    for _ in range(4):
        journal = await Journal.open(path)
        monitor = await journal.create("cam", b"")
        frames = [frame("a", k, rows=bytes(4000)) for k in range(1000)]
        await journal.take(monitor, frames, max_models=MAX_MODELS)
        await journal.delete(monitor)
        again = await journal.create("cam", b"")
        assert journal.counts(again).sides == 0
        assert not [each async for each in journal.current(again)]
        await journal.delete(again)
        await journal.close()
        sizes.append(len(content(path)))
    # Rows are removed a little with every transaction, and at the latest before the file grows
    # by much: two such monitors at most are there at a time.
    assert sizes[-1] < 2.5 * sizes[0]
