"""Tables that a thread joins: the store says the same, whatever has come meanwhile."""

import random

import pytest

from boxgauge.engine import Engine
from boxgauge.engine.online import cell as cell_module
from boxgauge.engine.online.joining import Crowd
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import HOUR_US
from tests.engine.online.sketch_stores import SETTINGS, everything, make_bounds_few, make_store
from tests.engine.online.streams import START_US, draw_stream, split


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make bounds so low that tables crowd soon."""
    make_bounds_few(monkeypatch)
    monkeypatch.setattr(cell_module, "_ROW_TABLES", 4)
    monkeypatch.setattr(cell_module, "_MANY_TABLES", 2)


@pytest.mark.parametrize("seed", range(8))
def test_joins_that_end_at_any_time_change_nothing_that_a_store_says(
    engine: Engine, seed: int
) -> None:
    chance = random.Random(seed)
    stream = draw_stream(engine, SETTINGS, seed, 60, hours=1)
    plain, store = make_store(engine), make_store(engine)
    under_way: list[Crowd] = []
    joins = 0
    for images, facts in split(stream, seed, 20):
        plain.add(images, facts)
        store.add(images, facts)
        under_way += store.crowds()
        chance.shuffle(under_way)
        while under_way and chance.random() < 0.6:
            store.adopt_joined(under_way.pop().joined())
            joins += 1
        if chance.random() < 0.1:
            store.settle()  # joins all that there is: what is under way comes too late
    assert joins
    late = [each.joined() for each in under_way]
    for each in (plain, store):
        each.advance(START_US + 10 * HOUR_US)
    for joined in late:  # their cells are gone, or packed
        store.adopt_joined(joined)
    assert everything(store) == everything(plain)


def test_a_cell_is_joined_once_at_a_time_and_again_when_it_is_crowded_again(
    engine: Engine,
) -> None:
    store = make_store(engine)
    parts = split(draw_stream(engine, SETTINGS, 3, 60, hours=1), 3, 30)
    listed: dict[int, Crowd] = {}
    again = 0
    for images, facts in parts:
        store.add(images, facts)
        for crowd in store.crowds():
            assert crowd.number not in listed
            listed[crowd.number] = crowd
        for number in list(listed)[1:]:  # all but one are taken up
            store.adopt_joined(listed.pop(number).joined())
            again += 1
    assert again > 1


def test_a_store_without_a_crowd_has_nothing_to_join(engine: Engine) -> None:
    store: SketchStore = make_store(engine)
    assert store.crowds() == []
