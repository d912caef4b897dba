"""Buckets of event time: which one a time falls into, and which ones make a window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.windows import DAY_US, HOUR_US, MINUTE_US, Ring, Span, Window

T = TypeVar("T")


class Bucket(NamedTuple):
    """A minute, hour or day (UTC) of event time, by its width and first microsecond."""

    width_us: int
    start_us: int


# A slice's name and a bucket.
Place = tuple[str, Bucket]


@dataclass(frozen=True, slots=True)
class Edges:
    """Where buckets lie for one watermark: they cut event time without gap or overlap.

    From ``minutes_us`` on there are buckets of a minute, before it buckets of an hour from
    ``hours_us`` on, before that buckets of a day from ``days_us`` on. So an hour in which
    minutes begin is cut short there: its bucket has what came before them. A higher watermark
    moves all edges up or leaves them, never down.

    Attributes:
        days_us: Start of the oldest day; what is older is in no bucket.
        hours_us: Start of the oldest hour.
        minutes_us: Start of the oldest minute.
        until_us: End of the watermark's minute.
    """

    days_us: int
    hours_us: int
    minutes_us: int
    until_us: int

    @classmethod
    def of(cls, ring: Ring, watermark_us: int) -> "Edges":
        """Return the edges for the highest event time that was seen."""
        until = _floor(watermark_us, MINUTE_US) + MINUTE_US
        minutes = until - ring.minutes * MINUTE_US
        hours = _ceiling(minutes, HOUR_US) - ring.hours * HOUR_US
        days = _ceiling(hours, DAY_US) - ring.days * DAY_US
        return cls(days, hours, minutes, until)

    def bucket(self, time_us: int) -> Bucket | None:
        """Return the bucket of an event time; None where it is older than all of them.

        Later than the watermark's minute is a minute as well.
        """
        if time_us >= self.minutes_us:
            return Bucket(MINUTE_US, _floor(time_us, MINUTE_US))
        if time_us >= self.hours_us:
            return Bucket(HOUR_US, _floor(time_us, HOUR_US))
        if time_us >= self.days_us:
            return Bucket(DAY_US, _floor(time_us, DAY_US))
        return None

    def extent(self, bucket: Bucket) -> Span:
        """Return the event times that belong to a bucket of these edges."""
        end = {DAY_US: self.hours_us, HOUR_US: self.minutes_us}.get(bucket.width_us, self.until_us)
        return Span(bucket.start_us, min(bucket.start_us + bucket.width_us, end))

    def first_from(self, time_us: int) -> int:
        """Return where the first bucket begins that has no event time before this one."""
        if time_us <= self.days_us:
            return self.days_us
        if time_us <= self.hours_us:
            return min(_ceiling(time_us, DAY_US), self.hours_us)
        if time_us <= self.minutes_us:
            return min(_ceiling(time_us, HOUR_US), self.minutes_us)
        return _ceiling(time_us, MINUTE_US)

    def span(self, window: Window, images: Mapping[Bucket, int]) -> Span:
        """Return the event times of a window: whole buckets, up to the watermark's.

        A duration takes the buckets that lie in it entirely, the watermark's in any case. So
        it is exact in minutes among minutes; where it begins among hours or days, it is
        shorter by less than one of these. A number of images takes the newest buckets until
        there are as many, and all where there are fewer.

        Args:
            window: Which.
            images: How many each bucket has; read for a number of images alone.
        """
        if window.duration_us:
            start = self.first_from(self.until_us - window.duration_us)
            return Span(min(start, self.until_us - MINUTE_US), self.until_us)
        wanted = window.images
        if wanted:
            for bucket in sorted(images, key=lambda each: each.start_us, reverse=True):
                wanted -= images[bucket]
                if wanted <= 0:
                    return Span(bucket.start_us, self.until_us)
        return Span(self.days_us, self.until_us)


NO_SPAN = Span(0, 0)


class Rolled(NamedTuple):
    """What a higher watermark did to buckets.

    Attributes:
        gone: Buckets that were joined to wider ones or fell off.
        grown: Wider ones that they were joined to.
        dropped: Slice and value of each bucket that fell off.
    """

    gone: tuple[Bucket, ...]
    grown: tuple[Bucket, ...]
    dropped: tuple[tuple[str, Any], ...]


class BucketRing(Generic[T]):
    """Values by slice and bucket; buckets become wider as they age.

    Args:
        ring: How many buckets there are of each width.
        join: Returns the values of each group, of at least two, as one.
    """

    def __init__(self, ring: Ring, join: Callable[[list[list[T]]], list[T]]) -> None:
        self.ring = ring
        self.watermark_us: int | None = None
        self.edges: Edges | None = None
        self._join = join
        self._values: dict[Bucket, dict[str, T]] = {}

    def advance(self, watermark_us: int) -> Rolled:
        """Join or drop the buckets that a higher watermark makes old; a lower one does nothing."""
        if self.watermark_us is not None and watermark_us <= self.watermark_us:
            return Rolled((), (), ())
        self.watermark_us = watermark_us
        edges = Edges.of(self.ring, watermark_us)
        if edges == self.edges:
            return Rolled((), (), ())
        self.edges = edges
        gone, grown, dropped = list[Bucket](), dict[Bucket, None](), list[tuple[str, T]]()
        moved: dict[Place, list[T]] = {}
        for bucket in sorted(self._values, key=lambda each: each.start_us):
            wider = edges.bucket(bucket.start_us)
            if wider == bucket:
                continue
            gone.append(bucket)
            values = self._values.pop(bucket)
            if wider is None:
                dropped += values.items()
                continue
            grown[wider] = None
            for name, value in values.items():
                moved.setdefault((name, wider), []).append(value)
        self._put(moved)
        return Rolled(tuple(gone), tuple(grown), tuple(dropped))

    def moving(self, watermark_us: int) -> list[T]:
        """Return the values that this watermark would join to others or drop."""
        if self.watermark_us is None or watermark_us <= self.watermark_us:
            return []
        edges = Edges.of(self.ring, watermark_us)
        if edges == self.edges:
            return []
        return [
            value
            for bucket, values in self._values.items()
            if edges.bucket(bucket.start_us) != bucket
            for value in values.values()
        ]

    def put(self, name: str, bucket: Bucket, value: T) -> None:
        """Join a value to that of a slice's bucket."""
        self._put({(name, bucket): [value]})

    def replace(self, name: str, bucket: Bucket, value: T) -> None:
        """Put a value in the place of that of a slice's bucket."""
        self._values.setdefault(bucket, {})[name] = value

    def get(self, name: str, bucket: Bucket) -> T | None:
        """Return the value of a slice's bucket, None without one."""
        return self._values.get(bucket, {}).get(name)

    def values(self, name: str, span: Span) -> dict[Bucket, T]:
        """Return the values of a slice whose buckets begin in a span, oldest first."""
        return {
            bucket: self._values[bucket][name]
            for bucket in sorted(self._values, key=lambda each: each.start_us)
            if span.from_us <= bucket.start_us < span.until_us and name in self._values[bucket]
        }

    def items(self) -> list[tuple[str, Bucket, T]]:
        """Return all values with slice and bucket, oldest bucket first."""
        return [
            (name, bucket, value)
            for bucket in sorted(self._values, key=lambda each: each.start_us)
            for name, value in self._values[bucket].items()
        ]

    def slices(self) -> tuple[str, ...]:
        """Return the names of the slices that have a value, ascending."""
        return tuple(sorted({name for values in self._values.values() for name in values}))

    def span(self, window: Window, name: str, images: Callable[[T], int]) -> Span:
        """Return the event times of a window of a slice, which ``images`` counts in a value."""
        if self.edges is None:
            return NO_SPAN
        counts = {}
        if window.images:
            everything = Span(self.edges.days_us, self.edges.until_us)
            counts = {key: images(value) for key, value in self.values(name, everything).items()}
        return self.edges.span(window, counts)

    def _put(self, moved: Mapping[Place, list[T]]) -> None:
        """Join values to those that are at their places."""
        groups = list[list[T]]()
        for (name, bucket), values in moved.items():
            known = self.get(name, bucket)
            groups.append(values if known is None else [known, *values])
        many = iter(self._join([each for each in groups if len(each) > 1]))
        for place, each in zip(moved, groups, strict=True):
            self.replace(*place, next(many) if len(each) > 1 else each[0])


def buckets_of(edges: Edges, times_us: NDArray[np.int64]) -> list[Bucket | None]:
    """Return the bucket of each event time.

    Edges lie between minutes: times of one minute have one bucket, which is looked up once.
    """
    minutes = (times_us // MINUTE_US).tolist()
    known = {each: edges.bucket(each * MINUTE_US) for each in set(minutes)}
    return [known[each] for each in minutes]


def _floor(time_us: int, width_us: int) -> int:
    return time_us // width_us * width_us


def _ceiling(time_us: int, width_us: int) -> int:
    return -(-time_us // width_us) * width_us
