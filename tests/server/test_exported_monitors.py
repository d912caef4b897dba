"""What monitors make by window, slice and pair of models is exported as the RPCs answer it."""

import math

import pytest

from boxgauge.server.app import App
from boxgauge.v1 import monitor_pb2, report_pb2
from tests.server.calls import Calls, Sides, both, predictions, truths
from tests.server.test_metrics import Samples, samples

MINUTE_US = 60_000_000
NOW_US = 1_700_000_000_000_000
SOURCES = ("random", "reported")
WINDOWS = [
    monitor_pb2.WindowSettings(name="all"),
    monitor_pb2.WindowSettings(name="5m", duration_s=300),
]
KINDS = [monitor_pb2.TALLY_KIND_EXACT, monitor_pb2.TALLY_KIND_SKETCH]


def settings(kind: monitor_pb2.TallyKind) -> monitor_pb2.MonitorSettings:
    return monitor_pb2.MonitorSettings(
        tally=kind,
        windows=WINDOWS,
        slices=[
            monitor_pb2.SliceKey(key="camera"),
            monitor_pb2.SliceKey(key="label_source"),
        ],
        losses=["ciou_loss"],
        comparisons=[monitor_pb2.ComparisonSettings(champion="m", challenger="n")],
    )


async def fill(calls: Calls, images: int = 40) -> None:
    """Send two models' predictions of one image a minute by two cameras; the second is worse."""
    seen: Sides = {k: [(1 + k % 2, 10, 10, 40 + k % 5, 40)] for k in range(images)}
    labels = truths(seen, sources={k: SOURCES[k % 4 == 3] for k in seen})
    times = {k: NOW_US + (k - images) * MINUTE_US for k in seen}
    tags = {"camera": {k: ("north", "south")[k % 2] for k in seen}}
    for model, shift in (("m", 1), ("n", 6)):
        found: Sides = {
            k: [(row[0], row[1] + shift + k % 3, *row[2:], 0.5 + k / 100) for row in rows]
            for k, rows in seen.items()
        }
        sent = predictions(found, times_us=times, tags=tags)
        (answer,) = await calls.observe(both(sent, labels), model=model)
        assert not answer.errors


def where(found: Samples, name: str, **labels: str) -> float | None:
    hits = [
        value for key, value in found.get(name, {}).items() if labels.items() <= dict(key).items()
    ]
    assert len(hits) <= 1, (name, labels, hits)
    return hits[0] if hits else None


def optional(message: report_pb2.Statistics, field: str) -> float | None:
    return getattr(message, field) if message.HasField(field) else None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("window", ["all", "5m"])
@pytest.mark.parametrize("slice", ["", "camera=north", "label_source=reported"])
async def test_a_report_s_series_are_those_of_its_window_and_slice(
    app: App, calls: Calls, kind: monitor_pb2.TallyKind, window: str, slice: str
) -> None:
    await calls.create(asked=settings(kind))
    await fill(calls)
    await app.book.refresh()
    report = await calls.report(model="m", window=window, slice=slice)
    found = samples(app.telemetry.text())
    who = {"monitor": "cam", "model": "m", "window": window, "slice": slice}
    assert report.images > 0
    # Whose labels the unlabelled images would have had is unknown.
    is_by_source = slice.startswith("label_source=")
    for name, value in {
        "boxgauge_images": report.images,
        "boxgauge_predicted_images": None if is_by_source else report.predicted_images,
        "boxgauge_label_coverage_ratio": None if is_by_source else report.label_coverage,
        "boxgauge_positives": report.positives,
        "boxgauge_true_positives": report.operating_point.true_positives,
        "boxgauge_calibration_error": report.calibration.d_ece,
        "boxgauge_best_f1": report.best_threshold.f_beta,
        "boxgauge_label_sources": len(report.label_sources),
    }.items():
        assert where(found, name, **who) == value, name
    (loss,) = report.loss_summaries
    assert where(found, "boxgauge_loss_mean", loss="ciou_loss", **who) == loss.mean
    for source in report.label_sources:
        images = where(found, "boxgauge_source_images", source=source.source, **who)
        assert images == source.images
    for each in report.intervals[:3]:
        iou = {"ap": "0.50:0.95", "ap50": "0.50", "ap75": "0.75"}[each.name]
        place = {"iou": iou, "area": "all", **who}
        point = where(found, "boxgauge_average_precision", **place)
        assert point == optional(report.statistics, each.name)
        for ends in ("certified", "confidence"):
            interval = getattr(each, ends) if each.HasField(ends) else None
            for end in ("low", "high"):
                name = f"boxgauge_average_precision_{ends}_{end}"
                assert where(found, name, **place) == (
                    None if interval is None else getattr(interval, end)
                )
    is_sketch = kind == monitor_pb2.TALLY_KIND_SKETCH
    assert report.intervals[0].HasField("certified") is is_sketch
    assert where(found, "boxgauge_watermark_timestamp_seconds", monitor="cam") == (
        report.watermark_us / 1e6
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_a_comparison_s_series_are_what_the_call_answers(
    app: App, calls: Calls, kind: monitor_pb2.TallyKind
) -> None:
    await calls.create(asked=settings(kind))
    await fill(calls)
    await app.book.refresh()
    request = monitor_pb2.CompareModelsRequest(monitor="cam", champion="m", challenger="n")
    comparison = (await calls.monitors.CompareModels(request)).comparison
    found = samples(app.telemetry.text())
    who = {"monitor": "cam", "champion": "m", "challenger": "n", "window": "all", "slice": ""}
    assert where(found, "boxgauge_comparison_images", **who) == comparison.images == 40
    named = {each.name: each for each in comparison.statistics}
    for statistic, name in (("AP", "ap"), ("AP50", "ap50"), ("AR100", "ar_last")):
        each = named[name]
        place = {"statistic": statistic, **who}
        assert where(found, "boxgauge_comparison_difference", **place) == each.difference
        for end in ("low", "high"):
            wanted = getattr(each.confidence, end) if each.HasField("confidence") else None
            assert where(found, f"boxgauge_comparison_difference_{end}", **place) == wanted
        wanted = each.p_value if each.HasField("p_value") else None
        assert where(found, "boxgauge_comparison_p_value", **place) == wanted
    assert named["ap"].difference < 0
    assert not math.isnan(named["ap"].difference)


async def test_a_monitor_of_many_slices_stays_below_the_bound(app: App, calls: Calls) -> None:
    await calls.create(asked=settings(monitor_pb2.TALLY_KIND_EXACT))
    await fill(calls)
    await app.book.refresh()
    found = samples(app.telemetry.text())
    shown = sum(
        len(series)
        for name, series in found.items()
        if any("slice" in dict(labels) for labels in series)
    )
    assert where(found, "boxgauge_exported_series") == shown
    assert where(found, "boxgauge_dropped_series") == 0
    assert where(found, "boxgauge_tally_bytes", monitor="cam")
    assert where(found, "boxgauge_tally_bytes_limit", monitor="cam") == app.settings.max_tally_bytes
    limit = where(found, "boxgauge_journal_bytes_limit")
    assert limit == app.settings.max_journal_bytes
