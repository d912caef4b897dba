"""Counts at a few of many places, against `collections.Counter`."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.engine.online.sparse_counts import SparseCounts

DTYPE = np.dtype(np.uint16)
# So that an array over all places is worth it for some, and not for others.
LIMITS = st.sampled_from([1, 7, 300, 5000])
GROUPS = st.lists(st.lists(st.lists(st.integers(0, 2**16), max_size=40), max_size=4), max_size=5)


def check(found: SparseCounts, places: Sequence[int]) -> None:
    wanted = sorted(Counter(places).items())
    assert list(zip(found.places.tolist(), found.counts.tolist(), strict=True)) == wanted
    assert found.places.dtype == DTYPE
    assert found.counts.dtype == np.min_scalar_type(max((count for _, count in wanted), default=0))


@given(GROUPS, LIMITS)
def test_groups_are_summed_as_each_for_itself(drawn: list[list[list[int]]], limit: int) -> None:
    groups = [[[place % limit for place in part] for part in group] for group in drawn]
    tables = [
        [SparseCounts.of((np.array(part, DTYPE),), limit, DTYPE) for part in group]
        for group in groups
    ]
    for group, parts in zip(groups, tables, strict=True):
        for places, table in zip(group, parts, strict=True):
            check(table, places)
    totals = SparseCounts.totals(tables, limit, DTYPE)
    assert len(totals) == len(groups)
    for group, total in zip(groups, totals, strict=True):
        check(total, [place for part in group for place in part])


@given(st.lists(st.lists(st.integers(0, 2**16), max_size=60), max_size=5), LIMITS)
def test_groups_are_counted_without_the_place_that_is_none(
    drawn: list[list[int]], limit: int
) -> None:
    groups = [[place % (limit + 1) for place in group] for group in drawn]
    numbers = [k * (limit + 1) + place for k, group in enumerate(groups) for place in group]
    found = SparseCounts.of_groups(np.array(numbers, np.int64), len(groups), limit, DTYPE)
    assert len(found) == len(groups)
    for group, counted in zip(groups, found, strict=True):
        check(counted, [place for place in group if place < limit])


def test_more_groups_than_are_summed_at_once() -> None:
    limit = 2**15
    one = SparseCounts.of((np.array([3, 3, limit - 1], DTYPE),), limit, DTYPE)
    totals = SparseCounts.totals([[one, one]] * 300, limit, DTYPE)
    assert len(totals) == 300
    for each in totals:
        check(each, [3, 3, 3, 3, limit - 1, limit - 1])
