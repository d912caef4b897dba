"""What a report says is what is exported of it; beyond the bound whole slices are left out."""

import math
import re
import subprocess
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as strictly_parsed
from prometheus_client.parser import text_string_to_metric_families

from boxgauge.server.content_types import wants_open_metrics
from boxgauge.server.monitor.sides import Side
from boxgauge.server.registry_text import registry_text
from boxgauge.server.samples import MAX_SOURCES, UNSTATED
from boxgauge.server.series import QUALITY
from boxgauge.server.telemetry import Telemetry
from tests.server.made_reports import comparison, drift, quality, report
from tests.server.test_metrics import Samples, samples
from tests.tools import require_tool

TABLE = {each.name: each for each in QUALITY}


def telemetry(*, max_series: int = 10_000, max_classes: int = 100) -> Telemetry:
    return Telemetry(CollectorRegistry(), max_series=max_series, max_classes=max_classes)


def exported(shown: Telemetry) -> Samples:
    return samples(shown.text())


def whole() -> Telemetry:
    """Return one that was told everything that there is to tell of a monitor."""
    shown = telemetry()
    shown.publish(report())
    shown.compared(comparison(0.1))
    shown.refreshed("gate", 45, 1_700_000_000_500_000)
    shown.tallies("gate", 1000, 4000)
    return shown


def value(found: Samples, name: str, **labels: str) -> float | None:
    """Return the value of one series by some of its labels, None where there is none."""
    hits = [
        each for key, each in found.get(name, {}).items() if labels.items() <= dict(key).items()
    ]
    assert len(hits) <= 1, (name, labels)
    return hits[0] if hits else None


def test_a_full_report_fills_every_family_of_the_table() -> None:
    found = exported(whole())
    assert {name for name in found if name in TABLE} == set(TABLE)
    for name, series in found.items():
        for labels in series:
            assert name not in TABLE or {key for key, _ in labels} == set(TABLE[name].labels), name


def test_all_of_it_is_well_formed_open_metrics() -> None:
    families = list(strictly_parsed(whole().open_metrics().decode()))
    assert set(TABLE) <= {each.name for each in families}
    assert len({each.name for each in families}) == len(families)


@pytest.mark.parametrize(
    ("name", "labels", "wanted"),
    [
        ("boxgauge_average_precision", {"iou": "0.50", "area": "all"}, 0.5),
        ("boxgauge_average_precision_certified_low", {"iou": "0.50", "area": "all"}, 0.49),
        ("boxgauge_average_precision_certified_high", {"iou": "0.75", "area": "all"}, 0.51),
        ("boxgauge_average_precision_confidence_low", {"iou": "0.50:0.95", "area": "small"}, 0.45),
        ("boxgauge_average_precision_confidence_high", {"iou": "0.50", "area": "all"}, 0.55),
        # Between whole areas and single thresholds there is no statistic, and so no interval.
        ("boxgauge_average_precision_confidence_low", {"iou": "0.50", "area": "small"}, None),
        ("boxgauge_class_average_precision", {"class": "class 2"}, 0.5),
        ("boxgauge_class_average_precision_confidence_high", {"class": "class 2"}, 0.55),
        ("boxgauge_f1", {}, 120 / 180),
        ("boxgauge_best_score_threshold", {}, 0.4),
        ("boxgauge_calibration_error", {}, 0.125),
        ("boxgauge_loss_mean", {"loss": "giou_loss"}, 0.25),
        ("boxgauge_loss_mean", {"loss": "bce_loss"}, 0.5),
        ("boxgauge_label_coverage_ratio", {}, 0.8),
        ("boxgauge_label_delay_seconds", {"statistic": "p95"}, 300),
        ("boxgauge_label_sources", {}, 1),
        ("boxgauge_source_images", {"source": "random"}, 40),
        ("boxgauge_drifted", {"feature": "score"}, 1),
        ("boxgauge_drifted", {"feature": "class"}, 0),
        ("boxgauge_drift_ks", {"feature": "class"}, None),
        ("boxgauge_estimated_average_precision", {}, 0.6),
        ("boxgauge_estimated_average_precision_error", {}, 0.03),
        ("boxgauge_comparison_difference", {"statistic": "AP50"}, 0.1),
        ("boxgauge_comparison_difference_low", {"statistic": "AP50"}, 0.08),
        ("boxgauge_comparison_p_value", {"statistic": "ARl"}, None),
        ("boxgauge_watermark_timestamp_seconds", {"monitor": "gate"}, 1_700_000_000.5),
        ("boxgauge_labelled_images", {"monitor": "gate"}, 45),
        ("boxgauge_tally_bytes", {"monitor": "gate"}, 1000),
        ("boxgauge_tally_bytes_limit", {"monitor": "gate"}, 4000),
    ],
)
def test_a_value_of_the_report_is_exported(
    name: str, labels: dict[str, str], wanted: float | None
) -> None:
    found = value(exported(whole()), name, **labels)
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_an_exact_report_has_no_certified_interval() -> None:
    shown = telemetry()
    exact = replace(quality(0.5), low=None, high=None, confidence=None)
    shown.publish(report(made=exact))
    found = exported(shown)
    assert "boxgauge_average_precision" in found
    assert not [name for name in found if "certified" in name or "confidence" in name]


def test_what_drift_and_estimate_do_not_answer_is_absent() -> None:
    shown = telemetry()
    mute = report()
    shown.publish(
        replace(
            mute,
            drift=replace(drift(drifted=True), reason="too few images"),
            estimate=replace(mute.estimate, reason="too few labels"),  # type: ignore[type-var]  # it has one
        )
    )
    found = exported(shown)
    assert not [name for name in found if "drift" in name or "estimate" in name]


def test_a_slice_is_exported_without_areas_and_classes() -> None:
    shown = telemetry()
    shown.publish(report(slice="camera=12"))
    found = exported(shown)
    labels = [dict(key) for key in found["boxgauge_average_precision_confidence_low"]]
    assert {(each["iou"], each["area"]) for each in labels} == {
        ("0.50:0.95", "all"),
        ("0.50", "all"),
        ("0.75", "all"),
    }
    assert {each["slice"] for each in labels} == {"camera=12"}
    assert len(found["boxgauge_average_recall"]) == 1
    assert "boxgauge_class_average_precision" not in found


def test_classes_beyond_the_bound_are_counted() -> None:
    shown = telemetry(max_classes=2)
    shown.publish(report(made=quality(0.5, classes=5)))
    found = exported(shown)
    classes = {dict(key)["class"] for key in found["boxgauge_class_average_precision"]}
    assert classes == {"class 0", "class 1"}
    assert value(found, "boxgauge_unexported_classes") == 3


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.integers(1, 9), max_size=20))
def test_images_by_source_add_up_whatever_the_sources_are_called(sources: dict[str, int]) -> None:
    shown = telemetry()
    awkward = {**sources, UNSTATED: 5, "": 7, "__other__": 2}
    shown.publish(report(made=quality(0.5, sources=tuple(sorted(awkward.items())))))
    found = exported(shown)
    by_source = found["boxgauge_source_images"]
    assert sum(by_source.values()) == sum(awkward.values())
    assert len(by_source) <= MAX_SOURCES + 1
    assert value(found, "boxgauge_label_sources") == len(awkward)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", *(f"camera={k}" for k in range(6))]), st.integers(0, 5)),
        max_size=20,
    ),
    st.integers(0, 250),
)
def test_the_bound_holds_and_no_slice_is_shown_in_part(
    published: list[tuple[str, int]], most: int
) -> None:
    """Reports come again with more or fewer classes, so that their number of series changes."""
    shown, unbounded = telemetry(max_series=most), telemetry()
    for where, classes in published:
        for each in (shown, unbounded):
            each.publish(report(slice=where, made=quality(0.5, classes=classes)))
    found, everything = exported(shown), exported(unbounded)
    of_slices = _by_slice(found)
    assert sum(map(len, of_slices.values())) == value(found, "boxgauge_exported_series")
    assert value(found, "boxgauge_exported_series") <= most
    total = value(everything, "boxgauge_exported_series") or 0
    assert value(found, "boxgauge_dropped_series") == total - sum(map(len, of_slices.values()))
    for where, series in of_slices.items():
        assert series == _by_slice(everything)[where]


def _by_slice(found: Samples) -> dict[str, set[tuple[str, tuple[tuple[str, str], ...]]]]:
    slices: dict[str, set[tuple[str, tuple[tuple[str, str], ...]]]] = {}
    for name, series in found.items():
        for labels in series:
            where = dict(labels).get("slice")
            if where is not None:
                slices.setdefault(where, set()).add((name, labels))
    return slices


def test_all_images_come_before_slices_that_were_there_first() -> None:
    shown, alone = telemetry(), telemetry()
    alone.publish(report())
    room = value(exported(alone), "boxgauge_exported_series")
    assert room is not None
    shown = telemetry(max_series=int(room))
    shown.publish(report(slice="camera=12"))
    assert set(_by_slice(exported(shown))) == {"camera=12"}
    shown.publish(report())
    assert set(_by_slice(exported(shown))) == {""}


def test_a_slice_without_room_comes_in_when_it_is_published_again_with_room() -> None:
    alone = telemetry()
    alone.publish(report(slice="camera=12"))
    room = value(exported(alone), "boxgauge_exported_series")
    assert room is not None
    shown = telemetry(max_series=int(room))
    shown.publish(report(monitor="door", slice="camera=12"))
    shown.publish(report(slice="camera=12"))
    assert value(exported(shown), "boxgauge_dropped_series") == room
    shown.forget("door")
    # What it said then is gone with its text: it is counted as left out until it says it again.
    assert value(exported(shown), "boxgauge_dropped_series") == room
    shown.publish(report(slice="camera=12"))
    found = exported(shown)
    assert value(found, "boxgauge_dropped_series") == 0
    assert value(found, "boxgauge_exported_series") == room
    assert b'monitor="gate"' in shown.text()


def test_a_forgotten_monitor_leaves_nothing_and_others_stay() -> None:
    shown = whole()
    shown.publish(report(monitor="door"))
    shown.outcome("gate", "late", 3)
    shown.outcome("door", "late", 2)
    shown.forget("gate")
    text = shown.text()
    assert b'monitor="gate"' not in text
    assert b'monitor="door"' in text
    assert value(exported(shown), "boxgauge_outcomes_total", monitor="door", outcome="late") == 2


@pytest.mark.parametrize("name", ['say "x"', "back\\slash", "two\nlines", "ключ=значение"])
def test_label_values_survive_the_text(name: str) -> None:
    shown = telemetry()
    shown.publish(report(slice=f"camera={name}"))
    assert set(_by_slice(exported(shown))) == {f"camera={name}"}
    for family in strictly_parsed(shown.open_metrics().decode()):
        if family.name == "boxgauge_positives":
            assert family.samples[0].labels["slice"] == f"camera={name}"


def test_an_event_counter_names_an_image_as_exemplar() -> None:
    shown = telemetry()
    refused = (Side.PREDICTIONS, "refused")
    shown.observed({refused: 2}, monitor="gate", examples={refused: "frame-17"})
    shown.outcome("gate", "late", 1, example=42)
    shown.outcome("gate", "future", 1, example="x" * 500)
    found = {
        (family.name, tuple(sorted(sample.labels.items()))): sample.exemplar
        for family in strictly_parsed(shown.open_metrics().decode())
        for sample in family.samples
    }
    frames = found["boxgauge_frames", (("outcome", "refused"), ("side", "predictions"))]
    assert frames is not None
    assert frames.labels == {"monitor": "gate", "image_id": "frame-17"}
    assert frames.value == 2
    late = found["boxgauge_outcomes", (("monitor", "gate"), ("outcome", "late"))]
    assert late is not None
    assert late.labels == {"monitor": "gate", "image_id": "42"}
    # OpenMetrics has no room for it: none is better than a piece of an id.
    assert found["boxgauge_outcomes", (("monitor", "gate"), ("outcome", "future"))] is None
    assert b"image_id" not in shown.text()


def test_the_registry_s_text_is_what_prometheus_client_writes() -> None:
    registry = CollectorRegistry()
    counter = Counter("events", "All \\ of \n them.", ["kind"], registry=registry)
    counter.labels('a "b" \\ \n c').inc(2, {"image_id": 'x "y"'})
    gauge = Gauge("level", "Of it.", registry=registry)
    histogram = Histogram("took_seconds", "It took.", ["by"], registry=registry, buckets=(0.1, 1))
    histogram.labels("me").observe(0.5, {"image_id": "7"})
    for level in (0.1, 1e-9, 12345678901234567890.0, math.inf, -math.inf, math.nan):
        gauge.set(level)
        for ours, theirs, parsed in (
            (
                registry_text(registry, open_metrics=False),
                exposition.generate_latest(registry),
                text_string_to_metric_families,
            ),
            (
                registry_text(registry, open_metrics=True) + b"# EOF\n",
                openmetrics.generate_latest(registry),  # type: ignore[no-untyped-call]  # it has no types
                strictly_parsed,
            ),
        ):
            assert _meant(parsed(ours.decode())) == _meant(parsed(theirs.decode()))


def _meant(families: Iterable[Metric]) -> list[str]:
    """Return what was parsed, comparable though a number may be NaN, without what we leave out."""
    return sorted(
        f"{family.type} {family.documentation!r} {sample}"
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_created")
    )


@pytest.mark.tools
def test_promtool_finds_nothing_wrong_with_a_full_report_s_series() -> None:
    done = subprocess.run(
        [require_tool("promtool"), "check", "metrics"],
        input=whole().text(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_meanings_need_no_escaping() -> None:
    for each in QUALITY:
        assert not re.search(r'["\\\n]', each.meaning), each.name


@pytest.mark.parametrize(
    ("accept", "is_open"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain;version=0.0.4", False),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", True),
        # Prometheus 2.42 and 3.x.
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
            "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            True,
        ),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "text/plain;version=0.0.4;q=0.4,*/*;q=0.2",
            True,
        ),
        ("text/plain;q=0.9,application/openmetrics-text;q=0.5", False),
        ("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", False),
        ("application/openmetrics-text;q=0,text/plain;q=0.1", False),
        ("application/openmetrics-text;q=much", False),
        (";;,=,q", False),
    ],
)
def test_a_scraper_gets_the_format_it_prefers(accept: str, is_open: bool) -> None:
    assert wants_open_metrics(accept) is is_open


def test_two_reports_of_one_slice_are_one() -> None:
    shown = telemetry()
    shown.publish(report(0.5))
    shown.publish(report(0.25))
    labels = {"iou": "0.50", "area": "all"}
    assert value(exported(shown), "boxgauge_average_precision", **labels) == 0.25


def test_nothing_has_been_said_yet() -> None:
    found = exported(telemetry(max_series=7))
    assert value(found, "boxgauge_exported_series_limit") == 7
    assert value(found, "boxgauge_exported_series") == 0
