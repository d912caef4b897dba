"""The shelf: the newest report of each model, window and slice, found or named as missing."""

import pytest

from boxgauge.engine import Engine
from boxgauge.engine.online.quality import Quality
from boxgauge.engine.online.windows import Span, Window
from boxgauge.frames import NotFoundError
from boxgauge.server.monitor.reports import MonitorComparison

from .conftest import Site, entry
from .reports import comparison_of, report_of, sample


@pytest.fixture
def site(unlabelled: Quality) -> Site:
    site = Site()
    site.entries = [
        entry("cam", slices=("camera=east", "camera=west")),
        entry("two", models=("a", "b")),
        entry("new", models=()),
    ]
    site.show(report_of(unlabelled))
    return site


def test_the_newest_report_takes_the_place_of_the_last(site: Site, unlabelled: Quality) -> None:
    newer = report_of(unlabelled, version=8)
    site.shelf.record(newer)
    assert site.shelf.report("cam", "m", "1h", "").made is newer


def test_names_may_be_left_out_where_there_is_one_answer(site: Site, unlabelled: Quality) -> None:
    assert site.shelf.report("cam", "", "", "").made.model == "m"
    site.show(report_of(unlabelled, monitor="two", model="a"))
    with pytest.raises(NotFoundError, match="only a, b") as missing:
        site.shelf.report("two", "", "", "")
    assert missing.value.field == "model"


@pytest.mark.parametrize(
    ("asked", "field", "value"),
    [
        (("nowhere", "m", "1h", ""), "monitor", "nowhere"),
        (("new", "m", "1h", ""), "model", "m"),
        (("cam", "other", "1h", ""), "model", "other"),
        (("cam", "m", "2h", ""), "window", "2h"),
        (("cam", "m", "1h", "camera=north"), "slice", "camera=north"),
        (("cam", "m", "24h", ""), "report", "cam, m, 24h"),
        (("cam", "m", "1h", "camera=east"), "report", "cam, m, 1h"),
    ],
    ids=str,
)
def test_what_is_missing_is_named(
    site: Site, asked: tuple[str, str, str, str], field: str, value: str
) -> None:
    with pytest.raises(NotFoundError) as missing:
        site.shelf.report(*asked)
    assert (missing.value.field, missing.value.value) == (field, value)


def test_windows_and_slices_are_kept_apart(site: Site, unlabelled: Quality) -> None:
    sliced = report_of(unlabelled, slice="camera=east")
    longer = report_of(unlabelled, window=Window("24h", 86_400_000_000))
    for each in (sliced, longer):
        site.shelf.record(each)
    assert site.shelf.report("cam", "m", "1h", "camera=east").made is sliced
    assert site.shelf.report("cam", "m", "24h", "").made is longer
    assert len(site.shelf.history("cam", "m", "1h")) == 1


def test_a_report_is_as_old_as_the_last_time_it_was_known_to_be_the_newest(site: Site) -> None:
    site.since_start = 130.0  # the report was made at 100
    assert site.shelf.report("cam", "m", "1h", "").age_s == 30
    site.shelf.refreshed("cam", 2.0)
    site.since_start = 131.5
    assert site.shelf.report("cam", "m", "1h", "").age_s == 3.5


def test_a_slice_is_as_old_as_it_says_though_all_images_were_refreshed(
    site: Site, unlabelled: Quality
) -> None:
    sliced = report_of(unlabelled, slice="camera=east")
    site.shelf.record(sliced)
    site.since_start = 130.0  # the report was made at 100
    site.shelf.refreshed("cam", 0.0)
    assert site.shelf.report("cam", "m", "1h", "camera=east").age_s == 30
    site.shelf.renewed("cam", "m", "1h", "camera=east")
    site.since_start = 131.0
    assert site.shelf.report("cam", "m", "1h", "camera=east").age_s == 1


def test_a_forgotten_monitor_leaves_nothing(
    site: Site, unlabelled: Quality, engine: Engine
) -> None:
    predictions, truths, classes = sample()
    paired = comparison_of(engine, (predictions, predictions), truths, classes)
    site.shelf.compared(MonitorComparison("cam", "m", "n", Window("1h"), Span(0, 1), "", paired))
    assert len(site.shelf.comparisons("cam")) == 1
    site.show(report_of(unlabelled, monitor="two", model="a"))
    site.shelf.forget("cam")
    with pytest.raises(NotFoundError):
        site.shelf.report("cam", "m", "1h", "")
    assert list(site.shelf.history("cam", "m", "1h")) == []
    assert list(site.shelf.comparisons("cam")) == []
    assert site.shelf.report("two", "a", "1h", "").made.monitor == "two"


def test_the_list_has_the_newest_report_of_every_model_seen(site: Site) -> None:
    listed = {each.entry.name: each.newest for each in site.shelf.monitors()}
    assert [each is None for each in listed["two"]] == [True, True]
    assert listed["new"] == ()
    assert listed["cam"][0] is not None
