"""The sketch store: each window and slice as a sketch of its images, whatever came when."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import COCO_AREAS, Engine, EvaluationSettings, SketchTally
from boxgauge.engine.analysis.units import group_of
from boxgauge.engine.online import waiting_list
from boxgauge.engine.online.ring import Edges
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import HOUR_US, MINUTE_US, Ring, Window
from boxgauge.engine.sketch import grouped as grouped_module
from boxgauge.engine.sketch import rows as rows_module
from boxgauge.frames import FailedPreconditionError, InvalidInputError, ResourceExhaustedError
from tests.engine.online.streams import START_US, Stream, draw_stream, select, split
from tests.engine.sides import CLASSES

SETTINGS = EvaluationSettings(max_detections=(1, 4, 10))
LOSSES = ("ciou_loss", "focal_loss", "l1_loss", "bce_loss")
RING = Ring(minutes=10, hours=2, days=1)
WINDOWS = (Window("all"), Window("h", HOUR_US), Window("m", 7 * MINUTE_US), Window("5", images=5))
SLICES = ("", "camera=0", "camera=1", "camera=2", "site=0")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make bounds so low that bins of every width occur, and that images wait for little."""
    monkeypatch.setattr(rows_module, "MAX_KEYS", 5)
    monkeypatch.setattr(rows_module, "MAX_ROWS", 300)
    monkeypatch.setattr(grouped_module, "MAX_GROUPED_ROWS", 40)
    monkeypatch.setattr(waiting_list, "_DETECTIONS", 25)


def make_store(engine: Engine, *streams: Stream, ring: Ring = RING) -> SketchStore:
    store = SketchStore(engine, CLASSES, SETTINGS, ring, LOSSES)
    for images, facts in streams:
        store.add(images, facts)
    return store


def everything(store: SketchStore) -> list[object]:
    """Return all that every window and slice says, so that it can be compared."""
    found: list[object] = [store.slices(), store.dropped_images]
    for window in WINDOWS:
        for name in SLICES:
            rows = store.rows(store.snapshot(window, name))
            found += [
                window.name,
                name,
                rows.span,
                store.tally(window, name).to_bytes(),
                Counter(
                    zip(
                        (rows.rows.ids >> np.uint64(20)).tolist(),
                        [rows.patterns[k] for k in (rows.rows.ids & np.uint64(2**20 - 1)).tolist()],
                        rows.groups.tolist(),
                        rows.rows.counts.tolist(),
                        strict=True,
                    )
                ),
                rows.positives_by_group.tolist(),
                rows.images_by_group.tolist(),
                [
                    (each.name, each.count, each.mean, each.counts.tolist(), each.not_finite)
                    for each in rows.losses
                ],
                rows.worst,
                rows.sources,
                rows.delay,
            ]
    return found


def in_window(stream: Stream, store: SketchStore, window: Window, name: str) -> list[int]:
    """Return the images that belong to a window and slice, found one by one."""
    _, facts = stream
    span = store.span(window, name)
    return [
        k
        for k, time in enumerate(facts.times_us.tolist())
        if span.from_us <= time < span.until_us and (name == "" or name in facts.slices[k])
    ]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_a_window_and_slice_is_a_sketch_of_its_images(engine: Engine, seed: int) -> None:
    stream = draw_stream(engine, SETTINGS, seed, 40)
    images, facts = stream
    store = make_store(engine, *split(stream, seed, 5))
    assert store.slices() == tuple(sorted({"", *(n for each in facts.slices for n in each)}))
    for window in WINDOWS:
        for name in SLICES:
            chosen = in_window(stream, store, window, name)
            part, its_facts = select(images, facts, chosen)
            wanted = SketchTally(CLASSES, SETTINGS)
            wanted.add(part.matches)
            assert store.tally(window, name).to_bytes() == wanted.to_bytes()
            rows = store.rows(store.snapshot(window, name))
            assert (np.diff(rows.rows.ids.astype(object)) >= 0).all()
            groups = [group_of(each, 32) for each in its_facts.clusters]
            assert rows.images_by_group.tolist() == np.bincount(groups, minlength=32).tolist()
            for group in set(groups):
                of_group = SketchTally(CLASSES, SETTINGS)
                own = [k for k, each in enumerate(groups) if each == group]
                of_group.add(part.matches.select(own))
                now = of_group.snapshot()
                np.testing.assert_array_equal(rows.positives_by_group[group], now.totals.positives)
                assert rows.rows.counts[rows.groups == group].sum() == now.rows.counts.sum()
            assert rows.sources == tuple(sorted(Counter(its_facts.sources).items()))
            assert (rows.delay.count if rows.delay else 0) == len(chosen)


@pytest.mark.usefixtures("few")
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), parts=st.integers(1, 8))
def test_any_batching_and_order_says_the_same(engine: Engine, seed: int, parts: int) -> None:
    stream = draw_stream(engine, SETTINGS, seed, 40, hours=2)
    one, other = make_store(engine, stream), make_store(engine, *split(stream, seed, parts))
    assert everything(one) == everything(other)
    for store in (one, other):
        store.advance(START_US + 10 * HOUR_US)
    assert everything(one) == everything(other)
    late = make_store(engine)
    late.advance(START_US + 10 * HOUR_US)
    late.add(*stream)
    assert everything(late) == everything(one)


@pytest.mark.usefixtures("few")
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), moved=st.sampled_from([0, 30 * MINUTE_US, 5 * HOUR_US]))
def test_what_is_subtracted_is_gone_from_every_count(engine: Engine, seed: int, moved: int) -> None:
    stream = draw_stream(engine, SETTINGS, seed, 40, hours=2)
    kept, gone, more = split(stream, seed, 3)
    store = make_store(engine, kept, gone, more)
    store.advance(START_US + 2 * HOUR_US + moved)
    store.subtract(*more)
    store.subtract(*gone)
    wanted = make_store(engine, kept)
    wanted.advance(START_US + 2 * HOUR_US + moved)
    assert store.slices() == wanted.slices()
    for window in WINDOWS:
        for name in SLICES:
            assert store.span(window, name) == wanted.span(window, name)
            left, right = (each.rows(each.snapshot(window, name)) for each in (store, wanted))
            assert left.totals.images == right.totals.images
            for field in ("positives_by_group", "images_by_group"):
                np.testing.assert_array_equal(getattr(left, field), getattr(right, field))
            for field in ("worst", "sources", "delay"):
                assert getattr(left, field) == getattr(right, field)
            np.testing.assert_array_equal(left.totals.positives, right.totals.positives)
            assert left.totals.sums == right.totals.sums
            assert [each.mean for each in left.losses] == [each.mean for each in right.losses]
            by_kind = [Counter[tuple[int, bytes, int]](), Counter[tuple[int, bytes, int]]()]
            for each, counter in zip((left, right), by_kind, strict=True):
                label = rows_module.label_of(each.rows.ids)
                key = (
                    rows_module.key_of(each.rows.ids)
                    >> (left.rows.levels - each.rows.levels).astype(np.uint64)[label]
                )
                for k, count in enumerate(each.rows.counts.tolist()):
                    pattern = each.patterns[int(rows_module.code_of(each.rows.ids)[k])]
                    place = int(label[k]) * 2**20 + int(key[k])
                    counter[place, pattern, int(each.groups[k])] += count
            assert +by_kind[0] == +by_kind[1]


def test_a_class_holds_no_more_bins_and_rows_than_are_stated(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = EvaluationSettings((0.5,), COCO_AREAS[:1], (1, 4, 10))
    stream = draw_stream(engine, alone, 12, 300, hours=0.1)

    def rows_held() -> rows_module.SketchRows:
        store = SketchStore(engine, CLASSES, alone, RING)
        for part in split(stream, 12, 4):
            store.add(*part)
        return store.rows(store.snapshot(Window())).rows

    held = rows_held()
    assert not held.levels.any()
    most_held = np.bincount(rows_module.label_of(held.ids)).max()
    for module, name, most in (
        (rows_module, "MAX_KEYS", 7),
        (rows_module, "MAX_ROWS", 60),
        (grouped_module, "MAX_GROUPED_ROWS", 150),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, most)
            rows = rows_held()
        label, key = rows_module.label_of(rows.ids), rows_module.key_of(rows.ids)
        found = {
            "MAX_KEYS": len(np.unique(key[label == 0])),
            "MAX_ROWS": len(np.unique(rows.ids[label == 0])),
            "MAX_GROUPED_ROWS": int((label == 0).sum()),
        }
        # No coarser than need be.
        assert most / 3 < found[name] <= most < most_held
        assert rows.levels[0] > 0


def test_what_was_never_added_cannot_be_taken_away(engine: Engine) -> None:
    stream = draw_stream(engine, SETTINGS, 1)
    other = draw_stream(engine, SETTINGS, 2)
    store = make_store(engine, stream)
    before = everything(store)
    for taken in (other, (stream[0], other[1]), (other[0], stream[1])):
        with pytest.raises(InvalidInputError, match="images must be of what was added: got others"):
            store.subtract(*taken)
        assert everything(store) == before
    store.subtract(*stream)
    assert store.slices() == ()
    for empty in (store, make_store(engine)):
        with pytest.raises(InvalidInputError, match="of what was added"):
            empty.subtract(*stream)


def test_a_snapshot_is_left_alone_by_what_comes_later(engine: Engine) -> None:
    first, second = split(draw_stream(engine, SETTINGS, 3, 30), 3, 2)
    store = make_store(engine, first)
    snapshot = store.snapshot(WINDOWS[0])
    before = store.rows(snapshot).totals
    store.add(*second)
    store.subtract(*first)
    store.advance(START_US + 24 * HOUR_US)
    assert store.rows(snapshot).totals.sums == before.sums


def test_images_older_than_all_buckets_are_left_out_and_counted(engine: Engine) -> None:
    images, facts = draw_stream(engine, SETTINGS, 4, 30)
    store = make_store(engine)
    store.advance(START_US + 3 * HOUR_US + 86_400_000_000)
    edges = Edges.of(RING, START_US + 3 * HOUR_US + 86_400_000_000)
    old = int((facts.times_us < edges.days_us).sum())
    assert 0 < old < 30
    assert store.add(images, facts) == old
    assert store.dropped_images == old
    assert store.subtract(images, facts) == old
    assert store.slices() == ()

    store = make_store(engine, (images, facts))
    store.advance(START_US + 100 * HOUR_US)
    assert store.dropped_images == 30
    assert store.slices() == ()


def test_more_than_the_most_bytes_are_refused_whole(engine: Engine) -> None:
    first, second = split(draw_stream(engine, SETTINGS, 5, 40), 5, 2)
    store = make_store(engine, first)
    store.advance(int(second[1].times_us.max()))
    before = everything(store)
    store.max_bytes = store.tally_bytes
    with pytest.raises(ResourceExhaustedError, match=f"at most {store.max_bytes}: these") as found:
        store.add(*second)
    assert found.value.field == "tally_bytes"
    assert everything(store) == before
    assert store.tally_bytes <= store.max_bytes
    store.max_bytes *= 10
    store.add(*second)


def test_patterns_that_only_dropped_images_had_make_room(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (draw_stream(engine, SETTINGS, seed, 40, hours=0.1) for seed in (1, 2))
    patterns = [set(each.matches.patterns.tolist()) for each, _ in (first, second)]
    most = max(map(len, patterns))
    assert len(patterns[0] | patterns[1]) > most
    monkeypatch.setattr(rows_module, "MAX_ROWS", 3 * most)
    store = make_store(engine, first)
    before = everything(store)
    with pytest.raises(ResourceExhaustedError, match=f"at most {most} patterns of outcomes"):
        store.add(*second)
    assert everything(store) == before
    later = replace(second[1], times_us=second[1].times_us + 30 * HOUR_US)
    store.add(second[0], later)
    fresh = make_store(engine, (second[0], later))
    fresh.dropped_images = 40
    assert everything(store) == everything(fresh)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_bytes_are_counted_as_they_are_and_never_pass_what_was_counted(
    engine: Engine, seed: int
) -> None:
    store = make_store(engine)
    for part in split(draw_stream(engine, SETTINGS, seed, 60), seed, 6):
        store.add(*part)
        counted = store.tally_bytes
        store._count()
        assert store.tally_bytes <= counted
        assert store._cells.nbytes == sum(
            400 + len(name) + held.cell.nbytes for name, _, held in store._cells.ring.items()
        )
    for hours in (1, 4, 30):
        before = store.tally_bytes
        store.advance(START_US + hours * HOUR_US)
        assert store.tally_bytes <= before


def stored(store: SketchStore, before: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """Return all parts of a store, of which some may have been stored before."""
    parts = dict(before or {})
    for key, part in store.changed().packed().items():
        if part is None:
            parts.pop(key, None)
        else:
            parts[key] = part
    return parts


@pytest.mark.usefixtures("few")
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31), rolled=st.booleans(), taken=st.booleans())
def test_a_restored_store_is_the_same_in_bytes_and_in_what_it_says(
    engine: Engine, seed: int, rolled: bool, taken: bool
) -> None:
    parts, store = dict[str, bytes](), make_store(engine)
    pieces = split(draw_stream(engine, SETTINGS, seed, 40, hours=2, sources=20), seed, 4)
    for k, part in enumerate(pieces):
        store.add(*part)
        if taken and k == 2:
            store.subtract(*pieces[0])
        parts = stored(store, parts)
    if rolled:
        store.advance(START_US + 5 * HOUR_US)
        parts = stored(store, parts)
    assert store.changed().packed() == {}
    again = make_store(engine)
    again.restore(parts)
    assert everything(again) == everything(store)
    assert again.changed().packed() == {}
    again._changed.update(again._cells.places(again._cells.all()))
    assert stored(again) == (parts if again._cells.all() else {})
    # Both go on alike.
    more = draw_stream(engine, SETTINGS, seed + 1, 20, hours=2)
    if not taken:
        for each in (store, again):
            each.subtract(*pieces[1])
    for each in (store, again):
        each.add(*more)
        each.advance(START_US + 9 * HOUR_US)
    assert everything(again) == everything(store)


def test_parts_of_something_else_are_refused(engine: Engine) -> None:
    stream = draw_stream(engine, SETTINGS, 7, 6, hours=0.1)
    parts = stored(make_store(engine, stream))
    others = (
        SketchStore(engine, CLASSES, SETTINGS, RING),
        SketchStore(engine, CLASSES[:2], SETTINGS, RING, LOSSES),
        SketchStore(engine, CLASSES, SETTINGS, Ring(), LOSSES),
        SketchStore(engine, CLASSES, EvaluationSettings(), RING, LOSSES),
    )
    for other in others:
        with pytest.raises(InvalidInputError, match="of other classes, settings, buckets or los"):
            other.restore(parts)
    with pytest.raises(InvalidInputError, match="parts must be all of a store: got no 'store'"):
        make_store(engine).restore({key: each for key, each in parts.items() if key != "store"})
    ahead = make_store(engine, stream)
    ahead.advance(START_US + 9 * HOUR_US)
    with pytest.raises(InvalidInputError, match="must be of the buckets at the watermark"):
        make_store(engine).restore(parts | {"store": stored(ahead)["store"]})
    with pytest.raises(FailedPreconditionError, match="only a store without images"):
        make_store(engine, stream).restore(parts)
    make_store(engine).restore({})


def test_every_shortened_or_changed_part_is_refused(engine: Engine) -> None:
    parts = stored(make_store(engine, draw_stream(engine, SETTINGS, 8, 4, hours=0.1)))
    key, part = next((key, each) for key, each in parts.items() if key != "store")
    store = make_store(engine)
    for length in range(len(part)):
        with pytest.raises(InvalidInputError, match="tally must be"):
            store.restore(parts | {key: part[:length]})
        changed = bytearray(part)
        changed[length] ^= 0x10
        with pytest.raises(InvalidInputError, match="tally must be"):
            store.restore(parts | {key: bytes(changed)})
    assert store.slices() == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("no_such_loss", "'no_such_loss'"),
        ("ap_loss", "'ap_loss', which takes logits"),
        ("mpdiou_loss", "image_size"),
        ("dice_loss", "'dice_loss', which takes prob"),
        ("giou_loss_gradient", "giou_loss_gradient"),
    ],
)
def test_a_loss_of_something_else_is_refused_by_name(engine: Engine, name: str, shown: str) -> None:
    with pytest.raises(InvalidInputError, match="losses must be the name of a loss") as found:
        SketchStore(engine, CLASSES, SETTINGS, RING, ("giou_loss", name))
    assert shown in str(found.value)


def test_areas_alone_are_possible_too(engine: Engine) -> None:
    alone = EvaluationSettings(areas=COCO_AREAS[:1], max_detections=(100,))
    stream = draw_stream(engine, alone, 6)
    store = SketchStore(engine, CLASSES, alone, RING)
    store.add(*stream)
    wanted = SketchTally(CLASSES, alone)
    wanted.add(stream[0].matches)
    assert store.tally(Window()).to_bytes() == wanted.to_bytes()
