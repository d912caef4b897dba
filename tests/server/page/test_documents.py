"""Documents: what the reports say, no stand-ins, nothing rounded."""

import json
import math
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from boxgauge.engine import Engine
from boxgauge.engine.online.predicted import Drift, DriftFeature
from boxgauge.engine.online.quality import Quality, WorstImage
from boxgauge.engine.online.windows import Span, Window
from boxgauge.engine.report import Statistics
from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport
from boxgauge.server.page.documents import (
    comparisons_document,
    dumps,
    history_document,
    monitors_document,
    report_document,
)
from boxgauge.server.page.history import point_of
from boxgauge.server.page.source import Listed, Shown

from .conftest import entry
from .reports import WATERMARK_US, comparison_of, drift_of, report_of, sample

Json = Any  # whatever JSON holds
NOW_US = WATERMARK_US + 2_000_000


def read(document: dict[str, Any]) -> Json:
    """Return the document as a strict reader of JSON sees it."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(dumps(document), parse_constant=refuse)


def report_read(made: MonitorReport, age_s: float = 0.5) -> Json:
    return read(report_document(Shown(made, age_s), NOW_US))


def numbers(document: Json) -> Iterator[float]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from numbers(each)
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield document


def test_a_report_has_every_figure_to_the_last_bit(quality: Quality) -> None:
    found = report_read(report_of(quality))
    report = quality.report
    assert quality.confidence is not None
    names = [each.name for each in fields(Statistics)]
    assert [each["name"] for each in found["statistics"]] == names
    for each in found["statistics"]:
        interval = quality.confidence.statistics[each["name"]]
        assert each["value"] == getattr(report.statistics, each["name"])
        assert each["confidence"] == [interval.low, interval.high]
        assert each["certified"] is None
    assert found["is_exact"] is True
    for shown, of in zip(found["classes"], report.classes, strict=True):
        assert (shown["id"], shown["name"]) == (str(of.object_class.id), of.object_class.name)
        assert (shown["ap"], shown["ap50"], shown["ap75"]) == (of.ap, of.ap50, of.ap75)
        assert (shown["positives"], shown["detections"]) == (of.positives, of.detections)
        assert shown["confidence"][0] <= shown["ap"] <= shown["confidence"][1]
        assert 0 < shown["best"]["f_beta"] <= 1
    for shown, (iou, precision) in zip(found["curves"], quality.curves, strict=True):
        assert (shown["iou"], shown["precision"]) == (iou, precision.tolist())
    assert found["operating_point"]["true_positives"] == report.operating_point.true_positives
    assert sum(found["calibration"]["detections"]) == quality.calibration.detections.sum()
    assert (found["images"], found["label_coverage"]) == (200, 200 / 260)


def test_times_say_how_old_everything_is(quality: Quality) -> None:
    found = report_read(report_of(quality), age_s=1.25)
    assert (found["as_of_us"], found["age_s"]) == (NOW_US - 1_250_000, 1.25)
    assert (found["watermark_us"], found["watermark_age_s"]) == (WATERMARK_US - 1_500_000, 3.5)
    assert found["window"] == {
        "name": "1h",
        "from_us": WATERMARK_US - 3_600_000_000,
        "until_us": WATERMARK_US,
    }
    none = report_read(report_of(quality, watermark_us=0, span=Span(0, 0)))
    assert none["watermark_us"] is none["watermark_age_s"] is None
    assert none["window"]["from_us"] is none["window"]["until_us"] is None


def test_certified_ends_enclose_the_exact_values(quality: Quality, sketched: Quality) -> None:
    found = report_read(report_of(sketched))
    assert found["is_exact"] is False
    for each in found["statistics"]:
        low, high = each["certified"]
        assert low <= getattr(quality.report.statistics, each["name"]) <= high
    for shown, exact in zip(found["classes"], quality.report.classes, strict=True):
        assert exact.ap is not None
        assert shown["certified"][0] <= exact.ap <= shown["certified"][1]


def test_without_labels_what_is_undefined_is_null(unlabelled: Quality) -> None:
    made = report_of(unlabelled, predicted_images=0, estimate=None)
    found = report_read(made)
    for each in found["statistics"]:
        assert each["value"] is each["confidence"] is None
    for of in (found, found["operating_point"], found["calibration"], found["mean_losses"]):
        assert -1 not in of.values()
    assert found["label_coverage"] is found["calibration"]["d_ece"] is None
    assert found["operating_point"]["precision"] is found["best"] is None
    assert found["drift"] is found["estimate"] is None
    point = read(history_document([point_of(made, NOW_US)], NOW_US))["points"][0]
    assert point["ap"] is point["confidence"] is point["label_coverage"] is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_that_json_lacks_gets_out(quality: Quality, value: float) -> None:
    edges = np.array([value, 0.0, 1.0, value])
    shares = np.array([0.5, value, 0.5])
    feature = DriftFeature("size", value, value, value, value, value, False, edges, shares, shares)
    made = report_of(quality, drift=Drift((feature,), 10, 10))
    found = report_read(made)["drift"]["features"][0]
    assert found["psi"] is found["p_value"] is None
    assert found["edges"] == [None, 0.0, 1.0, None]
    assert found["current"] == [0.5, None, 0.5]


def test_ids_are_whole_and_keep_their_kind(quality: Quality) -> None:
    ids = (2**60 + 1, "7", 7, "<img src=x onerror=alert(1)>")
    made = report_of(replace(quality, worst=tuple(WorstImage(each, 3, None) for each in ids)))
    found = report_read(made)["worst"]
    assert [each["image_id"] for each in found] == [str(each) for each in ids]
    assert [each["is_integer"] for each in found] == [True, False, True, False]


def test_drift_is_told_by_feature_with_class_ids_as_texts(quality: Quality) -> None:
    predictions, _, classes = sample()
    half = len(predictions) // 2
    before, now = predictions.take(range(half)), predictions.take(range(half, 2 * half))
    found = report_read(report_of(quality, drift=drift_of(before, now, classes)))["drift"]
    assert [each["name"] for each in found["features"]] == ["score", "count", "class"]
    assert found["features"][2]["edges"] == [str(each.id) for each in classes]
    assert found["features"][2]["ks"] is None
    for each in found["features"]:
        assert sum(each["current"]) == pytest.approx(1)


def test_columns_that_are_views_are_written_whole(quality: Quality) -> None:
    table = np.arange(202, dtype=float).reshape(101, 2)
    found = report_read(report_of(replace(quality, curves=(("0.50", table[:, 1]),))))
    assert found["curves"][0]["precision"] == table[:, 1].tolist()


def test_a_monitor_is_listed_with_a_line_for_each_model(quality: Quality) -> None:
    of = entry("cam", models=("m", "n"), watermark_us=NOW_US - 4_000_000)
    listed = Listed(of, (Shown(report_of(quality), 2.0), None))
    found = read(monitors_document([listed], NOW_US))["monitors"][0]
    assert found["watermark_age_s"] == 4
    first, second = found["models"]
    assert second == {"name": "n", "summary": None}
    assert first["summary"]["ap"] == quality.report.statistics.AP
    assert first["summary"]["age_s"] == 2
    assert first["summary"]["drifted"] is None


def test_a_comparison_has_both_models_and_what_lies_between(engine: Engine) -> None:
    predictions, truths, classes = sample()
    weaker = replace(predictions, scores=1 - predictions.scores)
    paired = comparison_of(engine, (predictions, weaker), truths, classes)
    shown = MonitorComparison("cam", "m", "n", Window("1h"), Span(1, 2), "", paired)
    found = read(comparisons_document([shown]))["comparisons"][0]
    ap = found["statistics"][0]
    assert (found["champion"], found["challenger"], found["images"]) == ("m", "n", 200)
    assert ap["difference"] == ap["challenger"] - ap["champion"] < 0
    assert ap["confidence"][0] <= ap["difference"] <= ap["confidence"][1] < 0
    assert ap["p_value"] <= 0.05


def test_all_numbers_of_a_real_report_are_finite(quality: Quality, sketched: Quality) -> None:
    for each in (quality, sketched):
        found = list(numbers(report_read(report_of(each))))
        assert len(found) > 500
        assert all(map(math.isfinite, found))
