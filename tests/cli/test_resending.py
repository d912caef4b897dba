"""What is sent again after a connection ends: all that was not answered, once, in order."""

import random
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.cli.resending import TRIES, Unanswered, over_connections
from boxgauge.frames import InvalidInputError, UnavailableError


@given(count=st.integers(0, 30), seed=st.integers(0, 2**16), window=st.integers(1, 8))
def test_every_item_is_answered_once_and_in_order(count: int, seed: int, window: int) -> None:
    drawn = random.Random(seed)
    reached: list[int] = []
    waits: list[float] = []

    def send(items: Iterator[int]) -> Iterator[int]:
        """Take up to a window ahead, answer some, break."""
        held: list[int] = []
        left = drawn.randrange(1, 6)
        for item in items:
            held.append(item)
            reached.append(item)
            if len(held) == window:
                yield held.pop(0)
                left -= 1
                if left == 0:
                    raise UnavailableError("the connection is too old")
        yield from held

    answers = [*over_connections(range(count), send, lambda _: None, waits.append)]
    assert answers == [*range(count)]
    assert {*reached} == {*range(count)}


def test_an_attempt_that_still_waits_for_the_source_loses_nothing() -> None:
    asked, due = threading.Event(), threading.Event()

    def source() -> Iterator[int]:
        yield 0
        asked.set()
        due.wait(10)
        yield from (1, 2)

    unanswered = Unanswered(source())
    old = unanswered.attempt()
    assert next(old) == 0
    unanswered.answered()
    late: list[int] = []
    waiting = threading.Thread(target=lambda: late.append(next(old)))
    waiting.start()
    assert asked.wait(10)
    fresh = unanswered.attempt()
    due.set()
    waiting.join()
    assert late == [1], "taken by the stream that has ended, and sent nowhere"
    assert [*fresh] == [1, 2]


def test_a_service_that_never_answered_is_not_asked_again() -> None:
    tries = []

    def send(items: Iterator[int]) -> Iterator[int]:
        tries.append(next(items))
        raise UnavailableError("nothing answers")
        yield 0

    with pytest.raises(UnavailableError, match="nothing answers"):
        [*over_connections(range(3), send, lambda _: None, lambda _: None)]
    assert tries == [0]


def test_one_that_does_not_come_back_is_given_up_after_longer_and_longer_waits() -> None:
    told: list[str] = []
    waits: list[float] = []

    def send(items: Iterator[int]) -> Iterator[int]:
        if next(items) == 0:
            yield 0
        raise UnavailableError("gone")

    answers = over_connections(range(3), send, told.append, waits.append)
    assert next(answers) == 0
    with pytest.raises(UnavailableError, match="gone"):
        next(answers)
    assert waits == [0.5, 1, 2, 4, 8, 8]
    assert len(told) == TRIES - 1
    assert told[0] == "gone; connecting again in 0.5 s"


def test_another_error_ends_it_at_once() -> None:
    def send(items: Iterator[int]) -> Iterator[int]:
        yield next(items)
        raise InvalidInputError("no")

    answers = over_connections(range(3), send, lambda _: None, lambda _: None)
    assert next(answers) == 0
    with pytest.raises(InvalidInputError):
        next(answers)
