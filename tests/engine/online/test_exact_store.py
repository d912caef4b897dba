"""The exact store: each window and slice as a tally of its images, whatever came when."""

import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import COCO_AREAS, Engine, EvaluationSettings, ExactTally, sealing
from boxgauge.engine.analysis.units import group_of
from boxgauge.engine.online import image_table
from boxgauge.engine.online.exact_store import ExactStore
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import DAY_US, HOUR_US, MINUTE_US, Ring, Window
from boxgauge.engine.summary import summarise
from boxgauge.frames import (
    AlreadyExistsError,
    BoxGaugeError,
    FailedPreconditionError,
    InvalidInputError,
    ResourceExhaustedError,
    in_image_order,
)
from tests.engine.online.streams import START_US, Stream, draw_stream, select, split
from tests.engine.sides import CLASSES
from tests.engine.test_tally import assert_same

SETTINGS = EvaluationSettings()
LOSSES = ("ciou_loss", "focal_loss")
RING = Ring(minutes=10, hours=2, days=1)
WINDOWS = (Window("all"), Window("h", HOUR_US), Window("m", 7 * MINUTE_US), Window("5", images=5))
SLICES = ("", "camera=0", "camera=1", "camera=2", "site=0")


def make_store(engine: Engine, *streams: Stream) -> ExactStore:
    store = ExactStore(engine, CLASSES, SETTINGS, RING, LOSSES)
    for images, facts in streams:
        store.add(images, facts)
    return store


def everything(store: ExactStore) -> list[object]:
    """Return all that every window and slice says, so that it can be compared."""
    found: list[object] = [store.slices(), store.dropped_images]
    for window in WINDOWS:
        for name in SLICES:
            now = store.rows(store.snapshot(window, name))
            found += [
                now.span,
                now.image_ids,
                store.tally(window, name).to_bytes(),
                now.groups.tolist(),
                [(e.name, e.count, e.mean, e.counts.tolist(), e.not_finite) for e in now.losses],
                now.worst,
                now.sources,
                now.delay,
            ]
    return found


@pytest.fixture
def tidied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the rows of images that were taken away at once."""
    monkeypatch.setattr(image_table, "MANY_REMOVED", 0)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_windows_are_those_of_the_sketch_store_and_tallies_of_their_images(
    engine: Engine, seed: int
) -> None:
    stream = draw_stream(engine, SETTINGS, seed, 40)
    images, facts = stream
    store = make_store(engine, *split(stream, seed, 5))
    sketch = SketchStore(engine, CLASSES, SETTINGS, RING, LOSSES)
    sketch.add(*stream)
    assert store.slices() == sketch.slices()
    for window in WINDOWS:
        for name in SLICES:
            span = store.span(window, name)
            assert span == sketch.span(window, name)
            now = store.rows(store.snapshot(window, name))
            chosen = [
                k
                for k, time in enumerate(facts.times_us.tolist())
                if span.from_us <= time < span.until_us and name in ("", *facts.slices[k])
            ]
            part, its_facts = select(images, facts, chosen)
            assert list(now.image_ids) == in_image_order(part.matches.image_ids)
            wanted = ExactTally(CLASSES, SETTINGS)
            wanted.add(part.matches)
            assert store.tally(window, name).to_bytes() == wanted.to_bytes()
            groups = dict(zip(part.matches.image_ids, its_facts.clusters, strict=True))
            assert now.groups.tolist() == [group_of(groups[each], 32) for each in now.image_ids]
            # All that is of no detection is what the sketch says of the same images.
            rows = sketch.rows(sketch.snapshot(window, name))
            assert np.bincount(now.groups, minlength=32).tolist() == rows.images_by_group.tolist()
            assert (now.worst, now.sources, now.delay) == (rows.worst, rows.sources, rows.delay)
            for one, other in zip(now.losses, rows.losses, strict=True):
                assert (one.name, one.mean, one.count) == (other.name, other.mean, other.count)
                np.testing.assert_array_equal(one.counts, other.counts)


def test_a_report_over_a_window_is_that_of_its_images(engine: Engine) -> None:
    stream = draw_stream(engine, SETTINGS, 11, 60)
    store = make_store(engine, *split(stream, 11, 3))
    for window in WINDOWS:
        now = store.rows(store.snapshot(window, "site=0"))
        wanted = ExactTally(CLASSES, SETTINGS)
        ids = stream[0].matches.image_ids
        wanted.add(stream[0].matches.select([ids.index(each) for each in now.image_ids]))
        found = summarise(engine, CLASSES, SETTINGS, now.columns, now.patterns)
        assert_same(found, wanted.report(engine))


@pytest.mark.usefixtures("tidied")
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), parts=st.integers(1, 8))
def test_any_batching_order_and_history_says_the_same(
    engine: Engine, seed: int, parts: int
) -> None:
    stream = draw_stream(engine, SETTINGS, seed, 40, hours=2)
    one, other = make_store(engine, stream), make_store(engine, *split(stream, seed, parts))
    assert everything(one) == everything(other)
    first, second = split(stream, seed + 1, 2)
    for store in (one, other):
        store.subtract(*first)
    left = make_store(engine, second)
    left.advance(int(stream[1].times_us.max()))
    assert everything(one) == everything(other) == everything(left)
    for store in (one, other, left):
        store.add(*first)
        store.advance(START_US + 6 * HOUR_US)
    assert everything(one) == everything(other) == everything(left)


def test_what_was_never_added_cannot_be_taken_away(engine: Engine) -> None:
    stream = draw_stream(engine, SETTINGS, 1)
    other = draw_stream(engine, SETTINGS, 2)
    with pytest.raises(InvalidInputError, match="of what was added, which is nothing"):
        make_store(engine).subtract(*stream)
    store = make_store(engine, stream)
    before = everything(store)
    for taken in ((stream[0], other[1]), (other[0], stream[1])):
        with pytest.raises(InvalidInputError, match="images must be of what was added: got anoth"):
            store.subtract(*taken)
    with pytest.raises(AlreadyExistsError, match="image 10 is in the store already"):
        store.add(*stream)
    assert everything(store) == before
    store.subtract(*stream)
    assert (store.slices(), len(store)) == ((), 0)


def test_images_are_forgotten_by_their_ids(engine: Engine) -> None:
    stream = draw_stream(engine, SETTINGS, 3)
    store = make_store(engine, stream)
    assert store.forget([10, "cam/0", "of nothing"]) == 2
    assert (10 in store, 11 in store, len(store)) == (False, True, 10)
    kept = [k for k, each in enumerate(stream[0].matches.image_ids) if each in store]
    left = make_store(engine, select(*stream, kept))
    left.advance(int(stream[1].times_us.max()))
    assert everything(store) == everything(left)


def test_a_snapshot_is_left_alone_by_what_comes_later(engine: Engine) -> None:
    first, second = split(draw_stream(engine, SETTINGS, 4, 30), 4, 2)
    store = make_store(engine, first)
    snapshot = store.snapshot(WINDOWS[0])
    before = store.rows(snapshot)
    store.add(*second)
    store.subtract(*first)
    after = store.rows(snapshot)
    assert after.image_ids == before.image_ids
    assert after.columns.same_as(before.columns)
    assert after.worst == before.worst


def test_images_older_than_all_buckets_are_dropped_and_counted(engine: Engine) -> None:
    images, facts = draw_stream(engine, SETTINGS, 4, 30)
    later = START_US + 3 * HOUR_US + DAY_US
    sketch = SketchStore(engine, CLASSES, SETTINGS, RING)
    store, late = make_store(engine, (images, facts)), make_store(engine)
    sketch.add(images, facts)
    for each in (store, late, sketch):
        each.advance(later)
    old = late.add(images, facts)
    assert 0 < old < 30
    assert store.dropped_images == late.dropped_images == sketch.dropped_images == old
    assert everything(store) == everything(late)
    assert store.subtract(images, facts) == old
    assert store.slices() == ()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), most=st.integers(5_000, 60_000))
def test_no_more_than_the_most_bytes_are_ever_taken(engine: Engine, seed: int, most: int) -> None:
    store = ExactStore(engine, CLASSES, SETTINGS, RING, LOSSES, most)
    refused = list[ResourceExhaustedError]()
    for part in split(draw_stream(engine, SETTINGS, seed, 60), seed, 12):
        before = len(store), store.tally_bytes
        try:
            store.add(*part)
        except ResourceExhaustedError as error:
            refused.append(error)
            before_and_after = before, (len(store), store.tally_bytes)
            assert len(set(before_and_after)) == 1
        assert store.tally_bytes <= most
    assert refused or most > 20_000
    assert {each.field for each in refused} <= {"tally_bytes"}
    assert all(int(each.value) > most for each in refused)


def stored(store: ExactStore, before: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """Return all parts of a store, of which some may have been stored before."""
    parts = dict(before or {})
    for key, part in store.changed().packed().items():
        if part is None:
            parts.pop(key, None)
        else:
            parts[key] = part
    return parts


@pytest.mark.usefixtures("tidied")
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31), moved=st.sampled_from([0, HOUR_US, 2 * DAY_US]))
def test_a_restored_store_is_the_same_in_bytes_and_in_what_it_says(
    engine: Engine, seed: int, moved: int
) -> None:
    parts, store = dict[str, bytes](), make_store(engine)
    pieces = split(draw_stream(engine, SETTINGS, seed, 40, hours=2, sources=20), seed, 4)
    for part in pieces[:3]:
        store.add(*part)
        parts = stored(store, parts)
    store.subtract(*pieces[1])
    store.advance(START_US + 2 * HOUR_US + moved)
    parts = stored(store, parts)
    assert store.changed().packed() == {}
    again = make_store(engine)
    again.restore(parts)
    assert everything(again) == everything(store)
    assert again.changed().packed() == {}
    for each in (store, again):
        each.subtract(*pieces[0])
        each.add(*pieces[3])
    assert everything(again) == everything(store)
    assert stored(again, parts) == stored(store, parts)


def test_parts_of_something_else_are_refused(engine: Engine) -> None:
    stream = draw_stream(engine, SETTINGS, 7, 6, hours=0.1)
    parts = stored(make_store(engine, stream))
    alone = EvaluationSettings(areas=COCO_AREAS[:1])
    for other in (
        ExactStore(engine, CLASSES, SETTINGS, RING),
        ExactStore(engine, CLASSES[:2], SETTINGS, RING, LOSSES),
        ExactStore(engine, CLASSES, SETTINGS, Ring(), LOSSES),
        ExactStore(engine, CLASSES, alone, RING, LOSSES),
        SketchStore(engine, CLASSES, SETTINGS, RING, LOSSES),
    ):
        with pytest.raises(InvalidInputError, match="of other classes, settings, buckets or los"):
            other.restore(parts)
    with pytest.raises(InvalidInputError, match="parts must be all of a store: got no 'store'"):
        make_store(engine).restore({key: each for key, each in parts.items() if key != "store"})
    with pytest.raises(FailedPreconditionError, match="only a store without images"):
        make_store(engine, stream).restore(parts)
    make_store(engine).restore({})


def test_every_shortened_or_changed_part_is_refused(engine: Engine) -> None:
    parts = stored(make_store(engine, draw_stream(engine, SETTINGS, 8, 3, hours=0.1)))
    store = make_store(engine)
    for key, part in parts.items():
        for length in range(0, len(part), 3):
            with pytest.raises(InvalidInputError, match="tally must be"):
                store.restore(parts | {key: part[:length]})
            changed = bytearray(part)
            changed[length] ^= 0x10
            with pytest.raises(InvalidInputError, match="tally must be"):
                store.restore(parts | {key: bytes(changed)})
    assert store.slices() == ()


def test_any_changed_byte_under_a_right_digest_is_refused_or_read_whole(engine: Engine) -> None:
    parts = stored(make_store(engine, draw_stream(engine, SETTINGS, 8, 3, hours=0.1)))
    key, part = next((key, each) for key, each in parts.items() if key != "store")
    body = zlib.decompress(part[sealing.HEADER.size :])
    refused = 0
    places = range(0, len(body), 3)
    for k in places:
        changed = bytearray(body)
        changed[k] ^= 0x80
        packed = zlib.compress(bytes(changed))
        header = sealing.HEADER.pack(part[:8], 1, len(body), sealing.digest(len(body), packed))
        store = make_store(engine)
        try:
            store.restore(parts | {key: header + packed})
        except BoxGaugeError:
            refused += 1
        else:
            everything(store)
    assert refused > len(places) / 4


def test_sources_beyond_the_sixteenth_are_counted_together(engine: Engine) -> None:
    images, facts = draw_stream(engine, SETTINGS, 9, 40, sources=30)
    store = make_store(engine, (images, facts))
    counts = dict(store.rows(store.snapshot(Window())).sources)
    own = Counter(facts.sources)
    seen = list(dict.fromkeys(facts.sources))
    assert counts.pop("__other__") == sum(own[each] for each in seen[16:])
    assert counts == {each: own[each] for each in seen[:16]}
