"""One bound over several gates: whoever has the most waiting gives way, wherever that is."""

import asyncio

import pytest

from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.service.gate import Gate, Pass
from boxgauge.server.service.held import Held
from tests.server.test_gate import settle


def entering(gate: Gate, caller: str, size: int) -> "asyncio.Task[Pass]":
    return asyncio.create_task(gate.enter(caller, size=size))


async def busy(*gates: Gate) -> None:
    """Let each of the gates be taken."""
    for gate in gates:
        await gate.enter("first", size=1)


async def test_what_is_held_behind_one_gate_is_not_there_for_another() -> None:
    held = Held("max_waiting_bytes", 100)
    one, other = Gate(held, at_once=1), Gate(held, at_once=1)
    await busy(one, other)
    greedy = [entering(one, "greedy", 30) for _ in range(3)]
    await settle()
    assert held.total == 92
    modest = entering(other, "modest", 10)
    with pytest.raises(ResourceExhaustedError, match="max_waiting_bytes is 100"):
        await greedy[-1]
    assert (held.total, one.held, other.held) == (72, 61, 11)
    assert (one.refused, other.refused) == (1, 0)
    for each in (*greedy, modest):
        each.cancel()


async def test_work_that_is_let_in_at_once_makes_others_give_way_too() -> None:
    held = Held("bound", 100)
    one, other = Gate(held, at_once=1), Gate(held, at_once=1)
    await busy(one)
    greedy = [entering(one, "greedy", 30) for _ in range(3)]
    await settle()
    await other.enter("modest", size=35)
    assert held.total == 91 + 35 - 30
    await settle()
    assert [each.done() for each in greedy] == [False, False, True]
    assert isinstance(greedy[-1].exception(), ResourceExhaustedError)
    for each in greedy:
        each.cancel()


async def test_who_has_the_most_over_all_gates_gives_way_with_the_newest_of_all() -> None:
    held = Held("bound", 100)
    gates = [Gate(held, at_once=1) for _ in range(2)]
    await busy(*gates)
    spread = [entering(gates[k % 2], "spread", 16) for k in range(4)]
    await settle()
    compact = entering(gates[0], "compact", 30)
    await settle()
    assert held.total == 96
    assert held.is_full_of("spread") is False
    # "compact" has more behind either gate than "spread" has there, and less in all.
    latest = entering(gates[1], "modest", 5)
    await settle()
    assert [each.done() for each in (*spread, compact, latest)] == [False] * 3 + [True] + 2 * [
        False
    ]
    assert isinstance(spread[-1].exception(), ResourceExhaustedError)
    for each in (*spread, compact, latest):
        each.cancel()


async def test_a_full_bound_is_known_to_who_fills_it() -> None:
    held = Held("bound", 100)
    gate, other = Gate(held, at_once=1), Gate(held, at_once=1)
    await busy(gate)
    waits = [entering(gate, "greedy", 33) for _ in range(3)]
    await settle()
    with pytest.raises(ResourceExhaustedError):
        other.check("greedy")
    other.check("modest")
    for each in waits:
        each.cancel()
    await settle()
    other.check("greedy")


async def test_no_more_is_under_way_than_may_be_held_there() -> None:
    held = Held("bound", 100)
    gate = Gate(held, at_once=10, most_inside=50)
    first = await gate.enter("a", size=30)
    large = entering(gate, "a", 70)
    await settle()
    assert not large.done()
    first.leave()
    alone = await large  # whatever its size, as nothing else is under way
    small = entering(gate, "a", 1)
    await settle()
    assert not small.done()
    alone.leave()
    (await small).leave()
    assert (held.total, gate.held) == (0, 0)


def test_what_alone_is_too_much_is_told_by_how_much() -> None:
    held = Held("max_waiting_bytes", 100)
    held.check("a request", 100)
    with pytest.raises(ResourceExhaustedError, match="a request takes 101 bytes") as refused:
        held.check("a request", 101)
    assert refused.value.field == "max_waiting_bytes"
