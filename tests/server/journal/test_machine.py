"""The journal equals a few dictionaries, whatever is done to it in whatever order."""

import asyncio
import pickle
import tempfile
from collections.abc import AsyncIterator, Coroutine
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from boxgauge.frames import AlreadyExistsError, FailedPreconditionError, ResourceExhaustedError
from boxgauge.server.journal import CameFrame, Change, HeldSide, Journal, Outcome
from tests.server.journal.plain import MAX_PAIRS, Frame, Key, Plain, Side, rows_of, side_of

T = TypeVar("T")
MAX_MODELS = 2
BESIDE = {"a": ("b",), "b": ("a", "unheard of"), "c": ("a", "b")}
NAMES = ("first", "second")
FRAMES = st.lists(
    st.builds(
        Frame,
        model=st.sampled_from(["", "a", "b", "c"]),
        image=st.sampled_from([1, "1", -(2**63)]),
        revision=st.one_of(st.integers(0, 6), st.just(2**64 - 1)),
        retracted=st.sampled_from([False, False, False, True]),
        content=st.integers(0, 4),
        time_us=st.integers(0, 9),
        is_time_given=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


def came(frame: Frame) -> CameFrame:
    side = side_of(frame, frame.time_us)
    return CameFrame(
        model=frame.model,
        image_id=frame.image,
        revision=frame.revision,
        retracted=frame.retracted,
        digest=blake2b(repr(frame.said).encode(), digest_size=16).digest(),
        rows=b"" if frame.retracted else rows_of(frame),
        boxes=frame.boxes,
        time_us=frame.time_us,
        is_time_given=frame.is_time_given,
        arrived_us=side[4],
        slices=side[5],
        cluster=side[6],
        source=side[7],
    )


def plain(side: HeldSide | None) -> Side | None:
    return None if side is None else tuple(getattr(side, name) for name in HeldSide.__slots__)[1:]


def judge(frame: CameFrame, partner: HeldSide) -> None:
    if frame.boxes * partner.boxes > MAX_PAIRS:
        raise ResourceExhaustedError("too many pairs", field="boxes", value=frame.boxes)


class Follower:
    """What somebody knows who sees the changes alone."""

    def __init__(self) -> None:
        self.joins: dict[Key, tuple[Side, Side | None]] = {}
        self.triples: dict[int | str, tuple[Side, ...]] = {}

    def follow(self, change: Change, *, strictly: bool) -> None:
        key = change.model, change.image_id
        before = plain(change.predictions_before), plain(change.truth_before)
        if strictly:
            assert self.joins.get(key, (None, before[1])) == before
        self.joins.pop(key, None)
        if change.predictions_after is not None:
            after = plain(change.predictions_after)
            assert after is not None
            self.joins[key] = after, plain(change.truth_after)
        for partners, old, truth in (
            (change.partners_before, change.predictions_before, change.truth_before),
            (change.partners, change.predictions_after, change.truth_after),
        ):
            for name, partner in partners.items():
                if old is None or truth is None or {change.model, name} != {"a", "b"}:
                    continue
                image = change.image_id
                sides = (old, partner) if change.model == "a" else (partner, old)
                triple = tuple(side for each in (*sides, truth) if (side := plain(each)))
                if partners is change.partners:
                    assert image not in self.triples or not strictly
                    self.triples[image] = triple
                elif strictly:
                    assert self.triples.pop(image) == triple
                else:
                    self.triples.pop(image, None)

    def forget(self, key: Key) -> None:
        self.joins.pop(key, None)
        self.triples.pop(key[1], None)


class JournalMachine(RuleBasedStateMachine):
    """Two monitors in one journal, each beside a dictionary and a follower."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.db"
        self.journal = self.run(Journal.open(self.path))
        self.ids = [self.run(self.journal.create(name, name.encode())) for name in NAMES]
        self.plain = [Plain(MAX_MODELS) for _ in NAMES]
        self.followers = [Follower() for _ in NAMES]
        self.points: list[list[tuple[int, bytes]]] = [[] for _ in NAMES]
        self.checkpoints = [0, 0]

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)

    def teardown(self) -> None:
        self.run(self.journal.close())
        self.runner.close()
        self.folder.cleanup()

    @initialize()
    def nothing_is_held(self) -> None:
        assert self.run(self.journal.parts(self.ids[0])) == ({}, 0)

    @rule(which=st.integers(0, 1), frames=FRAMES)
    def take(self, which: int, frames: list[Frame]) -> None:
        known, before = self.plain[which], self.plain[which].joins()
        taken = self.run(
            self.journal.take(
                self.ids[which],
                [came(each) for each in frames],
                judge=judge,
                beside=BESIDE,
                max_models=MAX_MODELS,
            )
        )
        outcomes = [known.take(each) for each in frames]
        assert taken.outcomes == outcomes
        assert set(taken.errors) == {
            k for k, each in enumerate(outcomes) if each in {"conflict", "refused"}
        }
        for position, error in taken.errors.items():
            is_conflict = taken.outcomes[position] is Outcome.CONFLICT
            assert isinstance(error, AlreadyExistsError if is_conflict else ResourceExhaustedError)
        numbers = [each.number for each in taken.changes]
        assert numbers == sorted(set(numbers))
        assert all(each <= taken.number for each in numbers)
        for change in taken.changes:
            self.followers[which].follow(change, strictly=True)
        now = known.joins()
        touched = {(each.model, each.image_id) for each in taken.changes}
        assert len(touched) == len(taken.changes)
        assert {key for key in before | now if before.get(key) != now.get(key)} <= touched
        self.points[which].append((taken.number, pickle.dumps(self.followers[which])))

    @rule(which=st.integers(0, 1), before_us=st.integers(0, 10), limit=st.sampled_from([1, 3, 100]))
    def expire(self, which: int, before_us: int, limit: int) -> None:
        unlabelled, unpredicted, more = 0, 0, True
        joined: list[Key] = []
        while more:
            found = self.run(self.journal.expire(self.ids[which], before_us, limit=limit))
            unlabelled += found.unlabelled
            unpredicted += found.unpredicted
            joined += found.joined
            more = found.more
        held = set(self.plain[which].joins())
        expected = self.plain[which].expire(before_us)
        assert (unlabelled, unpredicted, set(joined)) == expected
        assert len(joined) == len(set(joined))
        for key in held - set(self.plain[which].joins()):
            self.followers[which].forget(key)

    @rule(which=st.integers(0, 1), back=st.integers(0, 3))
    def checkpoint(self, which: int, back: int) -> None:
        points = self.points[which]
        if not points:
            return
        number, state = points[max(len(points) - 1 - back, 0)]
        if number < self.checkpoints[which]:
            return
        kept = {"": {"state": state, "gone": None}, "a": {"empty": b""}}
        self.run(self.journal.checkpoint(self.ids[which], kept, number))
        self.checkpoints[which] = number
        assert self.run(self.journal.parts(self.ids[which])) == (
            {"": {"state": state}, "a": {"empty": b""}},
            number,
        )

    @rule(which=st.integers(0, 1))
    def reset(self, which: int) -> None:
        self.run(self.journal.reset(self.ids[which]))
        self._begin_anew(which)

    @rule(which=st.integers(0, 1))
    def delete_and_create(self, which: int) -> None:
        self.run(self.journal.delete(self.ids[which]))
        made = self.run(self.journal.create(NAMES[which], NAMES[which].encode()))
        assert made > max(self.ids)
        self.ids[which] = made
        self._begin_anew(which)

    @rule()
    def reopen(self) -> None:
        self.run(self.journal.close())
        self.journal = self.run(Journal.open(self.path))
        kept = self.run(self.journal.monitors())
        assert {(each.id, each.name) for each in kept} == set(zip(self.ids, NAMES, strict=True))
        assert all(each.definition == each.name.encode() for each in kept)

    @rule(which=st.integers(0, 1))
    def replay(self, which: int) -> None:
        parts, number = self.run(self.journal.parts(self.ids[which]))
        assert number == self.checkpoints[which]
        state = parts[""]["state"] if parts else pickle.dumps(Follower())
        follower: Follower = pickle.loads(state)  # noqa: S301 (made above)
        for change in self._all(self.journal.changes_after(self.ids[which], number)):
            follower.follow(change, strictly=False)
        held, triples = self.plain[which].joins(), self.plain[which].triples("a", "b")
        assert {key: each for key, each in follower.joins.items() if key in held} == held
        assert {key: each for key, each in follower.triples.items() if key in triples} == triples

    @rule(which=st.integers(0, 1))
    def read_what_is_held(self, which: int) -> None:
        follower = Follower()
        for change in self._all(self.journal.current(self.ids[which], beside=BESIDE)):
            assert change.predictions_before is None
            assert change.truth_before is None
            follower.follow(change, strictly=True)
        assert follower.joins == self.plain[which].joins()
        assert follower.triples == self.plain[which].triples("a", "b")

    @rule(which=st.integers(0, 1))
    def ask_for_what_is_forgotten(self, which: int) -> None:
        number = self.checkpoints[which]
        if number == 0:
            return
        with pytest.raises(FailedPreconditionError) as caught:
            self._all(self.journal.changes_after(self.ids[which], number - 1))
        assert caught.value.value == str(number - 1)

    @invariant()
    def what_is_counted_is_what_is_held(self) -> None:
        for monitor, known in zip(self.ids, self.plain, strict=True):
            counts, sides = self.journal.counts(monitor), known.sides()
            assert counts.labelled == sum(not model for model, _ in sides)
            assert counts.sides == len(sides)
            assert counts.boxes == sum(side[2] for side in sides.values())
            assert counts.predicted == {
                model: sum(key[0] == model for key in sides) for model in known.models
            }

    @invariant()
    def followers_know_what_is_held(self) -> None:
        for follower, known in zip(self.followers, self.plain, strict=True):
            assert follower.joins == known.joins()
            assert follower.triples == known.triples("a", "b")

    def _all(self, chunks: AsyncIterator[list[Change]]) -> list[Change]:
        async def gathered() -> list[Change]:
            return [each async for some in chunks for each in some]

        return self.run(gathered())

    def _begin_anew(self, which: int) -> None:
        self.plain[which], self.followers[which] = Plain(MAX_MODELS), Follower()
        self.points[which] = []
        parts, self.checkpoints[which] = self.run(self.journal.parts(self.ids[which]))
        assert parts == {}


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
