"""What stays is not looked through again and again; cycles go all the same."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from boxgauge.server.garbage import FULL_S, Garbage


class Node:
    """One that can be part of a cycle."""

    other: "Node"


def cycle() -> Node:
    one, two = Node(), Node()
    one.other, two.other = two, one
    return one


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def garbage(now: list[float]) -> Iterator[Garbage]:
    made = Garbage(lambda: now[0])
    # Nothing but what is asked for here.
    gc.disable()
    made.set_aside()
    yield made
    made.give_back()
    gc.enable()


def test_what_stays_is_no_longer_looked_through(garbage: Garbage) -> None:
    kept = [cycle() for _ in range(1000)]
    assert len(gc.get_objects()) >= 2000
    garbage.set_aside()
    assert len(gc.get_objects()) < 2000
    assert gc.get_freeze_count() >= 2 * len(kept)


def test_cycles_that_are_let_go_of_while_young_go_at_once(garbage: Garbage) -> None:
    gone = weakref.ref(cycle())
    assert gone() is not None
    garbage.set_aside()
    assert gone() is None


def test_cycles_that_grew_old_go_within_the_hour(garbage: Garbage, now: list[float]) -> None:
    kept = cycle()
    gone = weakref.ref(kept)
    garbage.set_aside()
    del kept
    now[0] = FULL_S - 1
    garbage.set_aside()
    assert gone() is not None
    now[0] = FULL_S
    garbage.set_aside()
    assert gone() is None


def test_what_was_set_aside_is_given_back(garbage: Garbage) -> None:
    garbage.give_back()
    assert gc.get_freeze_count() == 0
