"""What is said of frames, one at a time."""

import pytest

from boxgauge.frames import (
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    ResourceExhaustedError,
)
from boxgauge.server.journal import CameFrame, HeldSide, Journal, Outcome
from boxgauge.server.journal.take import MAX_FRAMES
from tests.server.journal.frames import MAX_MODELS, frame, retraction


async def test_a_contradicting_duplicate_is_named_and_the_rest_is_taken(
    journal: Journal, monitor: int
) -> None:
    frames = [frame("a", "x"), frame("a", "x", digest=bytes(16)), frame("a", "y")]
    taken = await journal.take(monitor, frames, max_models=MAX_MODELS)
    assert taken.outcomes == [Outcome.CHANGED, Outcome.CONFLICT, Outcome.CHANGED]
    assert isinstance(taken.errors[1], AlreadyExistsError)
    assert str(taken.errors[1]) == (
        "revision 0 of image 'x' is known with another content:"
        " send a correction under a higher revision"
    )
    assert [each.image_id for each in taken.changes] == ["x", "y"]


async def test_a_label_is_one_change_for_each_model_that_saw_the_image(
    journal: Journal, monitor: int
) -> None:
    await journal.take(monitor, [frame("a"), frame("b"), frame("c", 2)], max_models=MAX_MODELS)
    taken = await journal.take(
        monitor, [frame("")], beside={"b": ("a",), "a": ("b",)}, max_models=MAX_MODELS
    )
    assert [each.model for each in taken.changes] == ["a", "b"]
    assert all(each.predictions_before == each.predictions_after for each in taken.changes)
    assert all(each.truth_before is None for each in taken.changes)
    first, second = taken.changes
    # The pair of both models with this label comes in once, at the second change.
    assert (list(first.partners), list(second.partners)) == ([], ["a"])
    assert (list(first.partners_before), list(second.partners_before)) == (["b"], [])


async def test_several_frames_of_one_image_are_one_change(journal: Journal, monitor: int) -> None:
    await journal.take(monitor, [frame("a", revision=3)], max_models=MAX_MODELS)
    frames = [frame("a", revision=2), frame("a", revision=4), frame("", boxes=0, rows=b"")]
    taken = await journal.take(monitor, [*frames, frame("a", revision=9)], max_models=MAX_MODELS)
    assert taken.outcomes == [Outcome.STALE, Outcome.CHANGED, Outcome.CHANGED, Outcome.CHANGED]
    (change,) = taken.changes
    assert change.predictions_before is not None
    assert change.predictions_after is not None
    assert change.truth_after is not None
    assert (change.predictions_before.revision, change.predictions_after.revision) == (3, 9)
    assert change.truth_after.boxes == 0


async def test_a_side_taken_out_does_not_come_back_under_a_stale_revision(
    journal: Journal, monitor: int
) -> None:
    unknown = await journal.take(monitor, [retraction("a")], max_models=MAX_MODELS)
    assert unknown.outcomes == [Outcome.RETRACTED_UNKNOWN]
    late = await journal.take(monitor, [frame("a")], max_models=MAX_MODELS)
    assert late.outcomes == [Outcome.STALE]
    assert not late.changes
    newer = await journal.take(monitor, [frame("a", revision=2)], max_models=MAX_MODELS)
    assert newer.outcomes == [Outcome.CHANGED]


async def test_a_frame_that_the_judge_refuses_is_refused_alone(
    journal: Journal, monitor: int
) -> None:
    asked = []

    def judge(came: CameFrame, partner: HeldSide) -> None:
        asked.append((came.model, came.image_id, partner.boxes))
        if came.image_id == 2:
            raise InvalidInputError.at("boxes", came.boxes, "fewer")

    await journal.take(monitor, [frame("", 1), frame("", 2)], max_models=MAX_MODELS)
    taken = await journal.take(
        monitor, [frame("a", k) for k in (1, 2, 3)], judge=judge, max_models=MAX_MODELS
    )
    assert taken.outcomes == [Outcome.CHANGED, Outcome.REFUSED, Outcome.CHANGED]
    assert asked == [("a", 1, 2), ("a", 2, 2)]
    assert taken.errors[1].field == "boxes"
    assert journal.counts(monitor).predicted == {"a": 2}


async def test_a_refused_frame_makes_no_model(journal: Journal, monitor: int) -> None:
    def judge(came: CameFrame, partner: HeldSide) -> None:
        raise InvalidInputError.at("boxes", came.boxes, "fewer")

    await journal.take(monitor, [frame("")], max_models=1)
    refused = await journal.take(monitor, [frame("a")], judge=judge, max_models=1)
    assert refused.outcomes == [Outcome.REFUSED]
    taken = await journal.take(monitor, [frame("b"), frame("c", 2)], max_models=1)
    assert taken.outcomes == [Outcome.CHANGED, Outcome.REFUSED]
    assert isinstance(taken.errors[1], ResourceExhaustedError)
    assert taken.errors[1].value == "1"


async def test_a_take_is_bounded(journal: Journal, monitor: int) -> None:
    with pytest.raises(InvalidInputError, match=f"at most {MAX_FRAMES}.*got {MAX_FRAMES + 1}"):
        await journal.take(monitor, [frame("a")] * (MAX_FRAMES + 1), max_models=MAX_MODELS)


async def test_a_monitor_that_is_not_there_is_named(journal: Journal, monitor: int) -> None:
    await journal.delete(monitor)
    with pytest.raises(NotFoundError, match=f"no monitor {monitor}"):
        await journal.take(monitor, [frame("a")], max_models=MAX_MODELS)
    with pytest.raises(NotFoundError):
        await journal.checkpoint(monitor, {}, 0)
    await journal.create("two", b"")
    with pytest.raises(AlreadyExistsError, match="two"):
        await journal.create("two", b"")
