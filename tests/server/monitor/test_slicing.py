"""Slices are as many as asked for; what is folded or dropped is counted."""

import asyncio
from dataclasses import replace

import pytest

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.frames import InvalidInputError, ResourceExhaustedError
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.definition import OTHER, Definition, SliceKey
from boxgauge.server.monitor.sides import Arrivals
from boxgauge.server.monitor.slicing import MAX_TAGS, MAX_VALUE, Slicing, check_tags, check_text
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.wire.frames_in import arrivals
from tests.server.calls import predictions, truths
from tests.server.journal.moments import FULL, full_disk, held_up, until_asked
from tests.server.monitor.test_recovery import WAIT_S, Failing, failing, labelled, restarted

__all__ = ["failing"]

SLICED = Definition((ObjectClass(1, "cat"),), EvaluationSettings(), slices=(SliceKey("camera", 2),))


def seen_by(camera: str, image_id: int, *, revision: int = 0) -> Arrivals:
    """Return predictions of one image, with a camera's tag."""
    frames = predictions({image_id: [(1, 0, 0, 5, 5, 0.5)]}, tags={"camera": {image_id: camera}})
    came = arrivals(frames)
    return Arrivals([replace(each, revisions=[revision]) for each in came.predictions])


def test_values_beyond_the_bound_are_one_slice_and_counted() -> None:
    slicing = Slicing([SliceKey("camera", 2)])
    found = [slicing.slices_of({"camera": each}) for each in "abcdab"]
    assert found == [
        ("camera=a",),
        ("camera=b",),
        (f"camera={OTHER}",),
        (f"camera={OTHER}",),
        ("camera=a",),
        ("camera=b",),
    ]
    assert slicing.folded == 2
    assert slicing.names == [f"camera={OTHER}", "camera=a", "camera=b"]


def test_a_million_values_of_a_tag_take_no_more_memory_than_the_bound() -> None:
    slicing = Slicing([SliceKey("camera", 100), SliceKey("site")])
    for k in range(1_000_000):
        slicing.slices_of({"camera": str(k)})
    assert len(slicing.names) == 101
    assert slicing.folded == 1_000_000 - 100


def test_tags_of_other_keys_are_dropped_and_counted_and_empty_ones_are_none() -> None:
    slicing = Slicing([SliceKey("camera"), SliceKey("site")])
    assert slicing.slices_of({"camera": "", "weather": "rain", "site": "x"}) == ("site=x",)
    assert slicing.dropped == 1
    assert slicing.folded == 0


def test_known_slices_keep_their_places_after_a_restart() -> None:
    before = Slicing([SliceKey("camera", 2)])
    for each in "abc":
        before.slices_of({"camera": each})
    after = Slicing([SliceKey("camera", 2)])
    after.restore(before.names)
    assert after.slices_of({"camera": "a"}) == ("camera=a",)
    assert after.slices_of({"camera": "d"}) == (f"camera={OTHER}",)


def test_a_slice_is_forgotten_once_no_frame_that_made_it_known_was_taken() -> None:
    slicing = Slicing([SliceKey("camera", 1)])
    for _ in range(2):
        assert slicing.slices_of({"camera": "a"}) == ("camera=a",)
    slicing.withdraw(["camera=a"])
    assert slicing.slices_of({"camera": "b"}) == (f"camera={OTHER}",), "one still has the place"
    slicing.withdraw([f"camera={OTHER}"])
    slicing.withdraw(["camera=a"])
    assert slicing.is_sure
    assert slicing.names == []
    assert slicing.slices_of({"camera": "b"}) == ("camera=b",)
    slicing.slices_of({"camera": "b"})
    slicing.keep(["camera=b"])
    slicing.withdraw(["camera=b"])
    assert slicing.is_sure
    assert slicing.names == ["camera=b"], "a frame that is held has it"


@FULL
async def test_frames_that_a_full_disk_refuses_make_no_slice_known(around: Surroundings) -> None:
    monitor = await Book(around, max_monitors=1).create("cam", SLICED)
    await monitor.observe("m", seen_by("north", 1))
    with full_disk():
        for camera in ("south", "north", "east"):
            with pytest.raises(ResourceExhaustedError):
                await monitor.observe("m", seen_by(camera, 2))
            assert monitor.slices == ["camera=north"]
    await monitor.observe("m", seen_by("west", 2))
    assert monitor.slices == ["camera=north", "camera=west"], "the second place was still free"
    assert (await monitor.report("m", slice_="camera=west")).predicted_images == 1


async def test_nor_do_frames_that_are_not_taken_beside_others_that_are(
    around: Surroundings,
) -> None:
    monitor = await Book(around, max_monitors=1).create("cam", SLICED)
    await monitor.observe("m", seen_by("north", 1, revision=3))
    async with held_up(around.journal):
        stale = monitor.observe("m", seen_by("south", 1))
        await until_asked(around.journal, 1)
        taken = monitor.observe("m", seen_by("south", 2))
    assert (await stale).unchanged == 1
    assert (await taken).accepted == 1
    assert monitor.slices == ["camera=north", "camera=south"]
    await monitor.reset()
    await monitor.observe("m", seen_by("north", 1, revision=3))
    await monitor.observe("m", seen_by("east", 1))
    assert monitor.slices == ["camera=north"]


async def test_slices_of_frames_that_were_judged_before_a_reset_and_came_after_it_are_known(
    around: Surroundings,
) -> None:
    monitor = await Book(around, max_monitors=1).create("cam", SLICED)
    async with held_up(around.journal):
        reset = asyncio.create_task(monitor.reset())
        await until_asked(around.journal, 1)
        before = monitor.observe("m", seen_by("south", 1))
        await until_asked(around.journal, 2)
    await reset
    await before
    assert monitor.slices == ["camera=south"]


async def test_a_frame_that_waited_for_tallies_made_anew_and_was_not_taken_makes_no_slice_known(
    failing: tuple[Surroundings, Failing],
) -> None:
    around, executor = failing
    monitor = await Book(around, max_monitors=1).create("cam", SLICED)
    await monitor.observe("", labelled(1, 2))
    await monitor.observe("m", seen_by("north", 1, revision=3))
    executor.fails = lambda: not monitor.recovery.is_under_way
    begins = asyncio.Event()
    monitor.recovery.told(begins.set)
    behind = monitor.observe("m", seen_by("north", 2))
    async with asyncio.timeout(WAIT_S):
        await begins.wait()
    stale = monitor.observe("m", seen_by("south", 1))
    assert monitor.recovery.is_under_way, "and so it waits"
    assert (await behind).accepted == (await stale).unchanged == 1
    assert monitor.slices == ["camera=north"]


async def test_the_slice_of_a_label_that_waits_for_predictions_is_known_after_a_restart(
    around: Surroundings,
) -> None:
    sliced = replace(SLICED, slices=(SliceKey("label_source"),))
    monitor = await Book(around, max_monitors=1).create("cam", sliced)
    label = arrivals(truths({1: [(1, 0, 0, 5, 5)]}, sources={1: "random"}))
    await monitor.observe("", label)
    await monitor.keep()
    again = (await restarted(around)).get("cam")
    await again.observe("m", seen_by("north", 1))
    assert again.slices == ["label_source=random"]
    assert (await again.report("m", slice_="label_source=random")).report.images == 1


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        pytest.param({"ca mera": "x"}, "tags.key", id="a space in the key"),
        pytest.param({"": "x"}, "tags.key", id="an empty key"),
        pytest.param({"k" * 65: "x"}, "tags.key", id="a long key"),
        pytest.param({"camera": "x" * (MAX_VALUE + 1)}, "tags[camera]", id="a long value"),
        pytest.param({"camera": "ä" * MAX_VALUE}, "tags[camera]", id="too many bytes"),
        pytest.param({"camera": "a\nb"}, "tags[camera]", id="a line break"),
        pytest.param({f"k{k}": "x" for k in range(MAX_TAGS + 1)}, "tags", id="many tags"),
    ],
)
def test_malformed_tags_are_refused_by_name(tags: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_tags(tags)
    assert caught.value.field == field


def test_text_may_be_empty_or_anything_that_prints() -> None:
    assert check_text("sources", "") == ""
    assert check_text("sources", "Straße 5, <img>") == "Straße 5, <img>"
