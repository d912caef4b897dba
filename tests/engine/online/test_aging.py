"""Packed buckets: the same in all that they say, whenever they are packed and opened again."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import Engine, SketchTally
from boxgauge.engine.online import aged as aged_module
from boxgauge.engine.online import aging as aging_module
from boxgauge.engine.online.aged import Aged
from boxgauge.engine.online.aging import AgedCells
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import HOUR_US, MINUTE_US
from boxgauge.engine.sketch import rows as rows_module
from boxgauge.frames import InvalidInputError
from tests.engine.online.sketch_stores import (
    SETTINGS,
    SLICES,
    WINDOWS,
    everything,
    in_window,
    make_bounds_few,
    make_store,
    stored,
)
from tests.engine.online.streams import START_US, Stream, draw_stream, select, split
from tests.engine.sides import CLASSES

STEPS = (
    "add",
    "add",
    "subtract",
    "minutes",
    "hours",
    "list",
    "adopt",
    "restore",
    "count",
    "settle",
)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make bounds so low that bins of every width occur, and that cells are joined early."""
    make_bounds_few(monkeypatch)
    monkeypatch.setattr(aged_module, "_MOST_CELLS", 2)


def age(store: SketchStore) -> None:
    """Pack all that is old, what waits to be counted excepted."""
    store.adopt(store.aging().packed())


def packed_step(store: SketchStore, step: str, listed: AgedCells | None) -> AgedCells | None:
    """Do what must change nothing that is said; return what is listed to be packed."""
    if step == "count":
        store._count()
    elif step == "settle":
        store.settle()
    elif step == "list":
        return store.aging()
    elif step == "adopt" and listed is not None:
        store.adopt(listed.packed())
    return listed


def held_bytes(store: SketchStore) -> int:
    return sum(400 + len(name) + held.cell.nbytes for name, _, held in store._cells.ring.items())


@pytest.mark.usefixtures("few")
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    steps=st.lists(st.sampled_from(STEPS), min_size=8, max_size=24),
    opened=st.sampled_from([0, 2**26]),
)
def test_packing_at_any_time_changes_nothing_that_is_said(
    engine: Engine, seed: int, steps: list[str], opened: int
) -> None:
    pieces = split(draw_stream(engine, SETTINGS, seed, 60, hours=3, sources=20), seed, 12)
    plain, packed = make_store(engine, pieces[0]), make_store(engine, pieces[0])
    added, now, parts = [pieces.pop(0)], START_US + HOUR_US, dict[str, bytes]()
    listed: AgedCells | None = None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(aging_module, "_OPENED_BYTES", opened)
        for step in steps:
            if step == "add" and pieces:
                added.append(pieces.pop())
                plain.add(*added[-1])
                packed.add(*added[-1])
            elif step == "subtract" and added:
                taken = added.pop(len(added) // 2)
                plain.subtract(*taken)
                packed.subtract(*taken)
            elif step in ("minutes", "hours"):
                now += 20 * MINUTE_US if step == "minutes" else 7 * HOUR_US
                plain.advance(now)
                packed.advance(now)
            elif step == "restore":
                parts = stored(packed, parts)
                packed, listed = make_store(engine), None
                packed.restore(parts)
            else:
                listed = packed_step(packed, step, listed)
            assert packed._cells.nbytes == held_bytes(packed)
    assert everything(packed) == everything(plain)
    age(packed)
    assert everything(packed) == everything(plain)
    ours, theirs = stored(packed, parts), stored(plain)
    for parts in (ours, theirs):
        parts.pop("store", None)
    assert ours == theirs


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), moved=st.sampled_from([0, 4 * HOUR_US, 20 * HOUR_US]))
def test_a_window_of_packed_buckets_is_a_sketch_of_its_images(
    engine: Engine, seed: int, moved: int
) -> None:
    images, facts = draw_stream(engine, SETTINGS, seed, 40)
    store = make_store(engine)
    for k, part in enumerate(split((images, facts), seed, 6)):
        store.add(*part)
        store._count()
        if k != 4:
            age(store)
        store.advance(START_US + 3 * HOUR_US + k * moved // 5)
    # What is late goes to buckets that are packed.
    late, again = split((images, facts), seed + 1, 2)
    store.subtract(*late)
    age(store)
    store.add(*late)
    store.subtract(*again)
    store.add(*again)
    age(store)
    for window in WINDOWS:
        for name in SLICES:
            chosen = in_window((images, facts), store, window, name)
            wanted = SketchTally(CLASSES, SETTINGS)
            wanted.add(select(images, facts, chosen)[0].matches)
            assert store.tally(window, name).to_bytes() == wanted.to_bytes()


def test_old_buckets_are_packed_and_minutes_are_not(engine: Engine) -> None:
    store = make_store(engine, draw_stream(engine, SETTINGS, 1, 200))
    store.advance(START_US + 3 * HOUR_US)
    store._count()
    before, said = store.tally_bytes, everything(store)
    age(store)
    assert everything(store) == said
    widths = set()
    for _, bucket, held in store._cells.ring.items():
        widths.add(bucket.width_us)
        is_packed = isinstance(held.cell, Aged) and held.cell.packed is not None
        assert is_packed == (bucket.width_us > MINUTE_US)
    assert len(widths) == 3
    assert store.tally_bytes < before * 0.7
    # Nothing is left to do, and what is stored is what is held.
    assert store.aging().cells == ()
    parts = stored(store)
    packed = [held.cell.packed for held in store._cells.all() if isinstance(held.cell, Aged)]
    assert all(any(each.data is part for part in parts.values()) for each in packed if each)


def test_what_corrections_open_is_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, first, second = split(draw_stream(engine, SETTINGS, 2, 90), 2, 3)
    store = make_store(engine, kept, first, second)
    store.advance(START_US + 12 * HOUR_US)
    store._count()
    age(store)
    packed = store.tally_bytes
    store.subtract(*first)
    opened = store.tally_bytes
    assert opened > packed
    monkeypatch.setattr(aging_module, "_OPENED_BYTES", (opened - packed) // 2)
    store.subtract(*second)
    assert packed < store.tally_bytes < opened
    age(store)
    assert store.tally_bytes <= packed
    wanted = make_store(engine, kept)
    wanted.advance(START_US + 12 * HOUR_US)
    assert store.snapshot(WINDOWS[0]).span == wanted.snapshot(WINDOWS[0]).span
    assert store.rows(store.snapshot(WINDOWS[0])).totals.sums == (
        wanted.rows(wanted.snapshot(WINDOWS[0])).totals.sums
    )


def test_a_refused_correction_leaves_packed_buckets_as_they_are(engine: Engine) -> None:
    store = make_store(engine, draw_stream(engine, SETTINGS, 3))
    store.advance(START_US + 12 * HOUR_US)
    store._count()
    age(store)
    before, held = everything(store), store.tally_bytes
    with pytest.raises(InvalidInputError, match="of what was added"):
        store.subtract(*draw_stream(engine, SETTINGS, 4))
    assert everything(store) == before
    assert store.tally_bytes == held
    assert store.aging().cells == ()


def test_packed_buckets_follow_when_patterns_are_forgotten(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (draw_stream(engine, SETTINGS, k, 40, hours=0.1) for k in (1, 2, 3))
    patterns = [set(each.matches.patterns.tolist()) for each, _ in (first, second, third)]
    most = max(len(patterns[0] | patterns[1]), len(patterns[1] | patterns[2]))
    assert len(patterns[0] | patterns[1] | patterns[2]) > most
    monkeypatch.setattr(rows_module, "MAX_ROWS", 3 * most)
    store = make_store(engine, first)
    middle = second[0], _later(second, 27)
    last = third[0], _later(third, 31)
    store.add(*middle)
    age(store)
    listed = store.aging()
    store.add(*last)
    store.adopt(listed.packed())
    age(store)
    fresh = make_store(engine, middle, last)
    fresh.dropped_images = 40
    assert everything(store) == everything(fresh)


def _later(stream: Stream, hours: int) -> ImageFacts:
    _, facts = stream
    return replace(facts, times_us=facts.times_us + hours * HOUR_US)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_late_images_of_packed_buckets_never_take_more_than_was_counted(
    engine: Engine, seed: int
) -> None:
    first, *others = split(draw_stream(engine, SETTINGS, seed, 80), seed, 8)
    store = make_store(engine, first)
    store.advance(START_US + 6 * HOUR_US)
    for k, part in enumerate(others):
        age(store)
        store.add(*part)
        if k % 2:
            # Listed while images wait: they are counted later, beside what was packed.
            age(store)
        counted = store.tally_bytes
        store._count()
        assert store.tally_bytes <= counted
        assert store._cells.nbytes == held_bytes(store)
        before = store.tally_bytes
        store.advance(START_US + (7 + 2 * k) * HOUR_US)
        assert store.tally_bytes <= before
