"""Buckets of event time, against a plain list of events."""

from itertools import chain, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.engine.online.ring import Bucket, BucketRing, Edges, buckets_of
from boxgauge.engine.online.windows import DAY_US, HOUR_US, MINUTE_US, Ring, Span, Window

START = 1_700_000_000 * 1_000_000
RINGS = st.builds(Ring, st.integers(1, 130), st.integers(1, 30), st.integers(1, 4))
# Mostly near each other, sometimes days apart; at whole minutes as well.
STEPS = st.one_of(
    st.integers(0, 3 * MINUTE_US),
    st.integers(0, 3 * HOUR_US),
    st.integers(0, 3 * DAY_US),
    st.integers(0, 200).map(lambda minutes: minutes * MINUTE_US),
)
NAMES = st.sampled_from(["", "camera=1", "camera=2"])


def in_lists(groups: list[list[list[int]]]) -> list[list[int]]:
    return [[*chain.from_iterable(group)] for group in groups]


def at(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def widths_of_all(edges: Edges) -> list[Span]:
    """Return the extents of all buckets, found by stepping through them."""
    found, time = [], edges.days_us
    while time < edges.until_us:
        bucket = edges.bucket(time)
        assert bucket is not None
        extent = edges.extent(bucket)
        assert extent.from_us == time
        found.append(extent)
        time = extent.until_us
    return found


def test_the_default_ring_at_seventeen_minutes_past_ten() -> None:
    edges = Edges.of(Ring(), at("2024-05-20T10:17:30"))
    assert edges.until_us == at("2024-05-20T10:18")
    assert edges.minutes_us == at("2024-05-20T09:18")
    # 48 hours before 10:00, since the hour of 9:18 is the newest.
    assert edges.hours_us == at("2024-05-18T10:00")
    assert edges.days_us == at("2024-02-19T00:00")
    assert edges.bucket(at("2024-05-20T09:17:59")) == Bucket(HOUR_US, at("2024-05-20T09:00"))
    assert edges.extent(Bucket(HOUR_US, at("2024-05-20T09:00"))) == Span(
        at("2024-05-20T09:00"), at("2024-05-20T09:18")
    )
    assert edges.bucket(at("2024-02-18T23:59:59")) is None


def test_windows_of_whole_buckets() -> None:
    edges = Edges.of(Ring(), at("2024-05-20T10:17:30"))
    until = at("2024-05-20T10:18")

    def start(duration_us: int) -> int:
        span = edges.span(Window("w", duration_us), {})
        assert span.until_us == until
        return span.from_us

    assert start(5 * MINUTE_US) == at("2024-05-20T10:13")
    assert start(HOUR_US) == at("2024-05-20T09:18")
    assert start(61 * MINUTE_US) == at("2024-05-20T09:18")
    assert start(DAY_US) == at("2024-05-19T11:00")
    assert start(7 * DAY_US) == at("2024-05-14T00:00")
    assert start(1000 * DAY_US) == at("2024-02-19T00:00")
    assert start(1) == at("2024-05-20T10:17")
    assert edges.span(Window(), {}) == Span(at("2024-02-19T00:00"), until)


@given(ring=RINGS, watermark=st.integers(START, START + 400 * DAY_US))
def test_buckets_lie_side_by_side_and_are_as_many_as_the_ring_says(
    ring: Ring, watermark: int
) -> None:
    edges = Edges.of(ring, watermark)
    spans = widths_of_all(edges)
    assert spans[-1].until_us - MINUTE_US <= watermark < spans[-1].until_us
    assert edges.bucket(edges.days_us - 1) is None
    buckets = [edges.bucket(each.from_us) for each in spans]
    counted = dict.fromkeys((MINUTE_US, HOUR_US, DAY_US), 0)
    for bucket in buckets:
        assert bucket is not None
        counted[bucket.width_us] += 1
    assert [*counted.values()] == [ring.minutes, ring.hours, ring.days]
    for span, bucket in zip(spans, buckets, strict=True):
        assert edges.bucket(span.until_us - 1) == bucket
    assert all(a.until_us == b.from_us for a, b in pairwise(spans))


@given(
    ring=RINGS,
    steps=st.lists(st.tuples(STEPS, st.booleans(), NAMES), min_size=1, max_size=40),
    duration=st.one_of(STEPS, st.just(0)),
    images=st.integers(0, 12),
)
def test_each_event_is_in_one_bucket_and_a_window_is_what_its_span_says(
    ring: Ring, steps: list[tuple[int, bool, str]], duration: int, images: int
) -> None:
    kept = BucketRing[list[int]](ring, in_lists)
    watermark, events, dropped = START, list[tuple[str, int]](), 0
    for step, is_late, name in steps:
        time = watermark - step if is_late else watermark + step
        watermark = max(watermark, time)
        for _, value in kept.advance(watermark).dropped:
            dropped += len(value)
        assert kept.edges is not None
        bucket = kept.edges.bucket(time)
        if bucket is None:
            dropped += 1
        else:
            kept.put(name, bucket, [time])
        events.append((name, time))

    edges = Edges.of(ring, watermark)
    assert kept.edges == edges
    inside = [(name, time) for name, time in events if time >= edges.days_us]
    assert dropped == len(events) - len(inside)
    assert sorted((name, t) for name, _, held in kept.items() for t in held) == sorted(inside)
    for _, bucket, held in kept.items():
        extent = edges.extent(bucket)
        assert all(extent.from_us <= time < extent.until_us for time in held)
    assert kept.slices() == tuple(sorted({name for name, _ in inside}))

    window = Window("w", duration, 0 if duration else images)
    for name in kept.slices():
        span = kept.span(window, name, len)
        found = sorted(t for held in kept.values(name, span).values() for t in held)
        own = [time for each, time in inside if each == name]
        assert found == sorted(t for t in own if span.from_us <= t < span.until_us)
        starts = [each.from_us for each in widths_of_all(edges)]
        assert span.from_us in starts
        assert span.until_us == edges.until_us
        if window.duration_us:
            # The longest such span that the duration holds, the last minute at least.
            fitting = [s for s in starts if s >= span.until_us - duration]
            assert span.from_us == min([*fitting, edges.until_us - MINUTE_US])
        elif window.images:
            assert len(found) >= min(images, len(own))
            newer = [s for s in starts if s > span.from_us]
            if newer and len(own) >= images:
                assert sum(t >= newer[0] for t in own) < images
        else:
            assert span.from_us == edges.days_us


def test_a_lower_watermark_changes_nothing() -> None:
    kept = BucketRing[int](Ring(), lambda groups: [sum(each) for each in groups])
    assert kept.span(Window(), "", int) == Span(0, 0)
    kept.advance(START)
    edges = kept.edges
    assert edges is not None
    kept.put("", edges.bucket(START) or Bucket(0, 0), 3)
    rolled = kept.advance(START - DAY_US)
    assert (rolled.gone, kept.edges, kept.watermark_us) == ((), edges, START)


def test_rolling_tells_which_buckets_went_and_which_grew() -> None:
    kept = BucketRing[int](
        Ring(minutes=2, hours=1, days=1), lambda groups: [sum(each) for each in groups]
    )
    first = at("2024-05-20T10:00")
    kept.advance(first)
    minute = Bucket(MINUTE_US, first)
    kept.put("", minute, 3)
    kept.put("camera=1", minute, 2)
    rolled = kept.advance(first + 2 * MINUTE_US)
    hour = Bucket(HOUR_US, first)
    assert (rolled.gone, rolled.grown, rolled.dropped) == ((minute,), (hour,), ())
    assert (kept.get("", hour), kept.get("camera=1", hour), kept.get("", minute)) == (3, 2, None)
    kept.replace("", hour, 4)
    rolled = kept.advance(first + 3 * DAY_US)
    assert (rolled.gone, rolled.grown) == ((hour,), ())
    assert rolled.dropped == (("", 4), ("camera=1", 2))
    assert kept.slices() == ()


def test_many_times_at_once() -> None:
    edges = Edges.of(Ring(), START)
    times = np.array([START, START - 2 * HOUR_US, 0], np.int64)
    assert buckets_of(edges, times) == [edges.bucket(each) for each in times.tolist()]
