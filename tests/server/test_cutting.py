"""Answers that wait for their readers hold their requests as long: both are bounded."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from boxgauge.server.service.cutting import Unsent


class Answering:
    """Calls that are answered, and whose answers nobody reads."""

    def __init__(self) -> None:
        self.cut: list[str] = []
        self.unsent = Unsent(self.cut.append, unread_s=60, most_bytes=100, most_request_bytes=50)
        self.calls: dict[str, asyncio.Task[None]] = {}

    async def answer(self, name: str, size: int, request_bytes: int = 0) -> None:
        begun = asyncio.Event()

        async def call() -> None:
            number = self.unsent.begin(name, size, request_bytes)
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.unsent.end(number)

        self.calls[name] = asyncio.create_task(call())
        await begun.wait()
        for _ in range(3):
            await asyncio.sleep(0)  # until what was cancelled has ended

    def running(self) -> list[str]:
        return [name for name, call in self.calls.items() if not call.done()]


@pytest.fixture
async def answering() -> AsyncIterator[Answering]:
    made = Answering()
    yield made
    for call in made.calls.values():
        call.cancel()


async def test_the_oldest_answers_give_way_to_new_ones(answering: Answering) -> None:
    for name in ("first", "second", "third"):
        await answering.answer(name, 40)
    assert answering.cut == ["first"]
    assert answering.running() == ["second", "third"]


async def test_the_oldest_that_hold_requests_give_way_and_no_others(answering: Answering) -> None:
    await answering.answer("holds no request", 10)
    await answering.answer("holds much", 10, 40)
    await answering.answer("holds little", 10, 5)
    assert answering.cut == []
    await answering.answer("one more", 10, 20)
    assert answering.cut == ["holds much"]
    # What has gone is counted no more.
    answering.calls["one more"].cancel()
    await answering.answer("again", 10, 45)
    assert answering.cut == ["holds much"]
    assert answering.running() == ["holds no request", "holds little", "again"]
