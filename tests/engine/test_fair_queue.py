"""Callers take turns, whatever each of them brings."""

from hypothesis import given
from hypothesis import strategies as st

from boxgauge.engine.fair_queue import FairQueue

OFFERS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50), st.booleans()), max_size=60)


def drained(queue: FairQueue[tuple[str, int]]) -> list[tuple[str, int]]:
    return [queue.take() for _ in range(len(queue))]


@given(OFFERS)
def test_items_of_one_caller_keep_their_order_and_none_is_lost(
    offers: list[tuple[str, int, bool]],
) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    put = [
        (queue.put(caller, (caller, k), cost=cost, size=cost), is_dropped)
        for k, (caller, cost, is_dropped) in enumerate(offers)
    ]
    for queued, is_dropped in put:
        if is_dropped:
            queue.drop(queued)
            queue.drop(queued)  # once more changes nothing
    kept = [queued for queued, is_dropped in put if not is_dropped]
    assert queue.size == sum(each.size for each in kept)
    came = drained(queue)
    for caller in "abc":
        expected = [each.item for each in kept if each.caller == caller]
        assert [each for each in came if each[0] == caller] == expected
    assert len(queue) == queue.size == 0


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_a_caller_is_served_as_much_as_any_other_while_it_has_items(costs: list[int]) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    for cost in costs:
        queue.put("a", ("a", cost), cost=cost)
    for _ in range(sum(costs)):
        queue.put("b", ("b", 1), cost=1)
    served = {"a": 0, "b": 0}
    for caller, cost in drained(queue):
        served[caller] += cost
        if served["a"] < sum(costs):
            assert abs(served["a"] - served["b"]) <= max(costs)


def test_who_has_had_less_is_next_however_many_wait() -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    for k in range(100):
        for greedy in range(20):
            queue.put(f"greedy {greedy}", (f"greedy {greedy}", k), cost=10)
    for turn in range(100):
        queue.take()
        if turn % 20 == 10:  # in the middle of a round
            queue.put("modest", ("modest", turn), cost=1)
            assert queue.take() == ("modest", turn)


def test_who_brings_one_at_a_time_gets_no_more_than_its_share() -> None:
    queue: FairQueue[str] = FairQueue()
    for _ in range(100):
        queue.put("a", "a", cost=5)
    served: list[str] = []
    for _ in range(40):
        queue.put("b", "b", cost=5)
        while not served or served[-1] != "b":
            served.append(queue.take())
        assert abs(served.count("a") - served.count("b")) <= 1
        served.append(queue.take())


def test_the_newest_of_a_caller_is_the_last_that_holds_something() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.put("small", 1, size=5)
    queue.put("large", 2, size=3)
    last = queue.put("large", 3, size=3)
    queue.put("large", 4, size=0)  # holds nothing that could be had back
    queue.put("other", 5, size=0)
    assert queue.newest_of("large") is last
    assert queue.newest_of("other") is None
    assert queue.newest_of("nobody") is None
    assert dict(queue.sizes()) == {"small": 5, "large": 6, "other": 0}
    queue.drop(last)
    assert dict(queue.sizes())["large"] == 3


def test_those_that_give_up_do_not_stay() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.put("a", 0, cost=1)
    for k in range(10_000):
        queue.drop(queue.put("b", k, cost=2))
    assert len(queue) == 1
    assert len(queue._heap) < 100
    assert queue.take() == 0
