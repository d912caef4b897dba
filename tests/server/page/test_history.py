"""History: bounded, in order, dense where it is recent."""

import threading
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.engine.online.quality import Quality
from boxgauge.engine.online.windows import Window
from boxgauge.server.page.history import MAX_SERIES_POINTS, History

from .reports import report_of


def ticking() -> History:
    seconds = count(1)
    return History(lambda: float(next(seconds)))


@given(records=st.integers(1, 5000), bound=st.integers(4, 2000))
def test_a_series_is_bounded_in_order_and_keeps_its_ends(
    unlabelled: Quality, records: int, bound: int
) -> None:
    seconds = count(1)
    history = History(lambda: float(next(seconds)), max_points=bound)
    made = report_of(unlabelled)
    for _ in range(records):
        history.record(made)
    times = [each.time_us // 1_000_000 for each in history.points("cam", "m", "1h")]
    most = min(bound, MAX_SERIES_POINTS)
    assert min(records, most // 2) <= len(times) <= most
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == (1, records)
    # Recent points are never further apart than old ones.
    gaps = [b - a for a, b in pairwise(times)]
    assert all(later <= earlier for earlier, later in pairwise(gaps))
    assert gaps[len(gaps) // 2 + 1 :] == [1] * len(gaps[len(gaps) // 2 + 1 :])


def test_points_are_in_order_though_the_clock_is_set_back(unlabelled: Quality) -> None:
    clock = iter((100.0, 50.0, 99.0, 200.0))
    history = History(lambda: next(clock))
    for _ in range(4):
        history.record(report_of(unlabelled))
    times = [each.time_us for each in history.points("cam", "m", "1h")]
    assert times == [100_000_000, 100_000_001, 100_000_002, 200_000_000]


def test_all_series_together_are_bounded(unlabelled: Quality) -> None:
    history = History(max_points=100)
    made = [report_of(unlabelled, model=f"m{k}") for k in range(20)]
    for _ in range(30):
        for each in made:
            history.record(each)
    kept = [len(history.points("cam", f"m{k}", "1h")) for k in range(20)]
    assert sum(kept) <= 100
    assert min(kept) >= 2


def test_a_point_says_what_the_report_says(quality: Quality, sketched: Quality) -> None:
    history = ticking()
    history.record(report_of(quality))
    history.record(report_of(sketched))
    exact, certain = history.points("cam", "m", "1h")
    statistics, point = quality.report.statistics, quality.report.operating_point
    assert (exact.ap, exact.ap50) == (statistics.AP, statistics.AP50)
    assert (exact.precision, exact.recall) == (point.precision, point.recall)
    assert (exact.images, exact.label_coverage) == (200, 200 / 260)
    assert exact.certified is None
    assert exact.confidence is not None
    assert exact.confidence[0] < exact.ap < exact.confidence[1]
    assert certain.certified is not None
    assert certain.certified[0] <= exact.ap <= certain.certified[1]
    assert (exact.time_us, certain.time_us) == (1_000_000, 2_000_000)


def test_series_are_kept_apart_and_slices_have_none(unlabelled: Quality) -> None:
    history = ticking()
    history.record(report_of(unlabelled))
    history.record(report_of(unlabelled, window=Window("24h")))
    history.record(report_of(unlabelled, monitor="other"))
    history.record(report_of(unlabelled, slice="camera=east"))
    for name in (("cam", "m", "1h"), ("cam", "m", "24h"), ("other", "m", "1h")):
        assert len(history.points(*name)) == 1
    history.forget("cam")
    assert history.points("cam", "m", "1h") == history.points("cam", "m", "24h") == ()
    assert len(history.points("other", "m", "1h")) == 1


@pytest.mark.parametrize("readers", [4])
def test_readers_in_other_threads_see_whole_series(unlabelled: Quality, readers: int) -> None:
    history = ticking()
    made = report_of(unlabelled)
    is_done = threading.Event()
    faults: list[str] = []

    def read() -> None:
        while not is_done.is_set():
            times = [each.time_us for each in history.points("cam", "m", "1h")]
            if times != sorted(set(times)) or len(times) > MAX_SERIES_POINTS:
                faults.append(f"{len(times)} points")

    threads = [threading.Thread(target=read) for _ in range(readers)]
    for each in threads:
        each.start()
    for _ in range(3000):
        history.record(made)
    is_done.set()
    for each in threads:
        each.join()
    assert faults == []
