"""A bounded amount of work at a time, callers in turns, and who holds the most gives way."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.service.gate import Gate, Pass
from boxgauge.server.service.held import Held


async def settle() -> None:
    """Let everything run as far as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


class Entered:
    """Tasks that enter a gate and note in which order they got in."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.names: list[str] = []
        self.passes: dict[str, Pass] = {}

    def enter(
        self, name: str, caller: str, *, cost: int = 1, size: int = 1
    ) -> "asyncio.Task[None]":
        async def run() -> None:
            self.passes[name] = await self.gate.enter(caller, cost=cost, size=size)
            self.names.append(name)

        return asyncio.create_task(run())


async def test_no_more_is_under_way_than_may_be() -> None:
    gate = Gate(Held("bound", 1000), at_once=10)
    entered = Entered(gate)
    for k in range(5):
        entered.enter(str(k), "a", cost=4)
    await settle()
    assert entered.names == ["0", "1"]
    entered.passes["0"].leave()
    await settle()
    assert entered.names == ["0", "1", "2"]


async def test_what_is_larger_than_the_bound_goes_alone() -> None:
    gate = Gate(Held("bound", 1000), at_once=10)
    entered = Entered(gate)
    entered.enter("small", "a")
    entered.enter("large", "a", cost=99)
    entered.enter("after", "a")
    await settle()
    assert entered.names == ["small"]
    entered.passes["small"].leave()
    await settle()
    assert entered.names == ["small", "large"]
    entered.passes["large"].leave()
    await settle()
    assert entered.names == ["small", "large", "after"]


async def test_a_caller_with_much_to_do_does_not_hold_up_another() -> None:
    gate = Gate(Held("bound", 10_000), at_once=2)
    entered = Entered(gate)
    for k in range(100):
        entered.enter(f"greedy {k}", "greedy")
    await settle()
    entered.enter("modest", "modest")
    await settle()
    for _ in range(2):
        entered.passes[entered.names[-1]].leave()
        await settle()
    assert "modest" in entered.names
    assert len(entered.names) == 4


async def test_who_holds_the_most_is_refused_and_the_newcomer_is_not() -> None:
    gate = Gate(Held("max_waiting_bytes", 100), at_once=1)
    entered = Entered(gate)
    greedy = [entered.enter(f"greedy {k}", "greedy", size=10) for k in range(10)]
    await settle()
    modest = entered.enter("modest", "modest", size=5)
    await settle()
    with pytest.raises(ResourceExhaustedError, match="max_waiting_bytes is 100") as refused:
        await greedy[-1]
    assert refused.value.field == "max_waiting_bytes"
    assert gate.held == 95
    assert gate.refused == 1
    entered.passes["greedy 0"].leave()
    await settle()
    entered.passes["greedy 1"].leave()
    await modest


async def test_what_would_be_refused_at_once_is_known_before_it_is_brought() -> None:
    gate = Gate(Held("bound", 100), at_once=1)
    entered = Entered(gate)
    for k in range(10):
        entered.enter(f"greedy {k}", "greedy", size=10)
    await settle()
    gate.check("modest")
    with pytest.raises(ResourceExhaustedError):
        gate.check("greedy")


async def test_what_is_past_its_deadline_when_its_turn_comes_is_not_begun() -> None:
    gate = Gate(Held("bound", 100), at_once=1)
    entered = Entered(gate)
    entered.enter("first", "a")
    now = asyncio.get_running_loop().time()
    late = asyncio.create_task(gate.enter("a", deadline=now))
    in_time = asyncio.create_task(gate.enter("a", deadline=now + 3600))
    await settle()
    entered.passes["first"].leave()
    with pytest.raises(ResourceExhaustedError, match="send again later"):
        await late
    (await in_time).leave()
    assert gate.held == 0


async def stalled(gate: Gate, for_s: float) -> None:
    """Let work end that seems to have taken so long."""
    for _ in range(10):
        granted = await gate.enter("a")
        granted.entered -= for_s
        granted.leave()


async def test_a_stall_does_not_keep_work_out_of_an_idle_gate() -> None:
    gate = Gate(Held("bound", 100), at_once=1)
    await stalled(gate, 3600)
    soon = asyncio.get_running_loop().time() + 30
    gate.check("b", soon)
    first = await gate.enter("b", deadline=soon)
    # Beside other work it would be late, and is told why.
    with pytest.raises(ResourceExhaustedError, match="deadline is in") as refused:
        gate.check("b", soon)
    assert refused.value.field == "deadline"
    first.leave()


async def test_a_stall_is_forgotten_with_time() -> None:
    gate = Gate(Held("bound", 100), at_once=2)
    await stalled(gate, 3600)
    first = await gate.enter("b")
    soon = asyncio.get_running_loop().time() + 30
    with pytest.raises(ResourceExhaustedError):
        gate.check("b", soon)
    gate._noted -= 120.0  # as if it had been two minutes ago
    gate.check("b", soon)
    first.leave()


async def test_what_is_given_up_holds_nothing_and_nobody() -> None:
    gate = Gate(Held("bound", 100), at_once=1)
    entered = Entered(gate)
    entered.enter("first", "a", size=10)
    given_up = entered.enter("given up", "a", size=10)
    entered.enter("next", "a", size=10)
    await settle()
    # At the same moment as it is let in.
    entered.passes["first"].leave()
    given_up.cancel()
    await settle()
    assert entered.names == ["first", "next"]
    entered.passes["next"].leave()
    waits = entered.enter("waits", "a", size=10)
    blocked = entered.enter("blocked", "a", size=10)
    await settle()
    blocked.cancel()
    await settle()
    entered.passes["waits"].leave()
    assert gate.held == 0
    await waits


async def test_work_in_parts_lets_others_in_between() -> None:
    gate = Gate(Held("bound", 100), at_once=1)
    entered = Entered(gate)
    entered.enter("large", "a", size=40)
    await settle()
    entered.enter("other", "b", size=1)
    await settle()
    again = asyncio.create_task(gate.again(entered.passes["large"]))
    await settle()
    assert entered.names == ["large", "other"]
    assert not again.done()
    assert gate.held == 41
    entered.passes["other"].leave()
    await again
    entered.passes["large"].leave()
    assert gate.held == 0


async def test_work_that_waits_for_something_else_takes_no_place_and_holds_what_it_has() -> None:
    gate = Gate(Held("bound", 100), at_once=1)
    entered = Entered(gate)
    entered.enter("waits", "a", size=40)
    entered.enter("other", "b", size=1)
    await settle()
    gate.step_aside(entered.passes["waits"])
    gate.step_aside(entered.passes["waits"])
    await settle()
    assert entered.names == ["waits", "other"]
    assert (gate.held, gate.aside) == (41, 40)
    again = asyncio.create_task(gate.again(entered.passes["waits"]))
    await settle()
    assert not again.done()
    assert (gate.held, gate.aside) == (41, 0)
    entered.passes["other"].leave()
    await again
    gate.step_aside(entered.passes["waits"])
    entered.passes["waits"].leave()
    assert (gate.held, gate.aside) == (0, 0)
    (await gate.enter("c")).leave()


async def test_work_that_gets_no_thread_takes_no_place() -> None:
    gate = Gate(Held("bound", 100), at_once=1)
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError):
        await gate.run("a", executor, lambda: None, size=40)
    assert gate.held == 0
    async with asyncio.timeout(10):
        await gate.enter("b")


async def test_a_thread_that_runs_on_keeps_its_place_and_what_is_given_up_is_not_begun() -> None:
    gate = Gate(Held("bound", 100), at_once=1)
    go = threading.Event()
    began: list[str] = []

    def work(name: str) -> None:
        began.append(name)
        assert go.wait(10)

    with ThreadPoolExecutor(2) as executor:
        tasks = [
            asyncio.create_task(gate.run("a", executor, lambda name=name: work(name)))  # type: ignore[misc]  # a lambda's default
            for name in ("first", "given up", "last")
        ]
        await settle()
        tasks[1].cancel()
        tasks[0].cancel()
        await settle()
        assert gate.held == 2  # the first thread's place, and who waits for it
        go.set()
        await tasks[2]
    assert began == ["first", "last"]
