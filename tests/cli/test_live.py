"""What a watch shows of a report."""

import io
import json

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from boxgauge.cli.documents import monitor_document
from boxgauge.cli.live import change_line, page, sparkline
from boxgauge.cli.moments import moment_text
from boxgauge.cli.monitor_report import print_monitor_report, seconds_text
from boxgauge.cli.monitor_tables import print_comparison
from boxgauge.client import Comparison, Interval, MonitorReport
from boxgauge.client.comparisons import StatisticDifference

from .reports import ANSWER, BARE, FULL


def drawn(answer: MonitorReport, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(page("cam", answer, [0.4, None, 0.5]))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_page_shows_what_a_report_says() -> None:
    text = drawn(ANSWER)
    for words in (
        "monitor cam, model m [1], window 1h: 2026-11-18 11:06:40Z to",
        "slice camera=north",
        "0.499500 to 0.500500",
        "0.4500 to 0.5500",
        "precision at 0.30",
        "100 images with predictions, 90 of them labelled, label coverage 0.9000; the monitor",
        "labels took 116.7 min on average, half at most 90.0 min, 95% at most 24.0 h",
        "drift: score (p 0.001, PSI 0.300)",
        "estimate of 10 images: AP50 0.6100 ± 0.0200 so far",
        "newest image 2026-11-18 12:06:39Z, 3 s old",
        "▁ █ 0.4000 to 0.5000",
        "a note [of care]",
    ):
        assert words in text, words


def test_a_page_shows_the_best_and_the_worst_classes() -> None:
    lines = [line.split() for line in drawn(ANSWER).splitlines() if line.startswith("  class [")]
    assert [line[1] for line in lines] == [f"[{k}]" for k in (9, 8, 7, 2, 1, 0)]
    assert "… 4 more …" in drawn(ANSWER)


def test_a_report_of_nothing_is_shown_without_numbers() -> None:
    text = drawn(MonitorReport("m", BARE))
    assert "AP since the watch began: ▁ █" in text
    assert "0 labelled images; the monitor has 0 labelled images" in text
    assert "nan" not in text.lower()
    assert "-1" not in text


def test_a_page_fits_a_narrow_terminal() -> None:
    assert max(map(len, drawn(ANSWER, width=60).splitlines())) <= 60


def test_a_change_is_one_line() -> None:
    line = change_line(ANSWER)
    assert line.startswith(
        "model m [1]; AP 0.5000; certified 0.499500 to 0.500500; 95% 0.4500 to 0.5500; "
        "AP50 0.5000; images 90; coverage 0.9000; drift: score"
    )
    assert "\n" not in line
    assert change_line(MonitorReport("m", BARE)) == ("model m; AP –; AP50 –; images 0; coverage –")


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=60))
def test_a_sparkline_has_a_bar_a_value(values: list[float | None]) -> None:
    known = [each for each in values if each is not None]
    bars = sparkline(values)
    if not known:
        assert bars == "–"
        return
    assert [bar == " " for bar in bars[: len(values)]] == [each is None for each in values]
    pairs = [(v, b) for v, b in zip(values, bars, strict=False) if v is not None]
    for value, bar in pairs:
        for other, higher in pairs:
            if value < other:
                assert "▁▂▃▄▅▆▇█".index(bar) <= "▁▂▃▄▅▆▇█".index(higher)


def test_a_report_is_printed_with_all_that_goes_with_it() -> None:
    console = Console(file=io.StringIO(), width=140)
    document = monitor_document("cam", ANSWER)
    print_monitor_report(console, "cam", ANSWER, document)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for words in (
        "certified",
        "95% interval",
        "labels by source: random 60, reported 30; mixed sources bias every figure",
        "best threshold 0.412: F1 0.7500, precision 0.8000, recall 0.7000",
        "giou_loss: mean 0.2000 over 8, 1 not finite",
        "D-ECE 0.0400",
        "most errors: images image [7] (4)",
        "note: a note [of care]",
    ):
        assert words in text, words


def test_a_document_is_json_with_none_for_what_is_absent() -> None:
    document = json.loads(json.dumps(monitor_document("cam", ANSWER), allow_nan=False))
    assert document["intervals"]["certified"]["AP"] == {"low": 0.4995, "high": 0.5005}
    assert document["intervals"]["statistics"]["AP50"] == {"low": 0.45, "high": 0.55}
    assert document["classes"][10]["AP"] is None
    assert document["window"]["name"] == "1h"
    assert document["drift"]["features"][0]["name"] == "score"
    bare = json.loads(json.dumps(monitor_document("cam", MonitorReport("m", BARE))))
    assert bare["intervals"] == {"statistics": {}, "certified": {}}
    assert [bare[name] for name in ("window", "drift", "estimate", "label_delay")] == [None] * 4


def test_a_comparison_is_printed() -> None:
    difference = StatisticDifference(0.5, 0.52, 0.02, Interval(0.01, 0.03), 0.0004)
    unsure = StatisticDifference(0.5, 0.5, 0.0, None, None)
    found = Comparison("v1", "v2", 1234, {"AP": difference, "AP50": unsure}, FULL.window, "a=b")
    console = Console(file=io.StringIO(), width=140)
    print_comparison(console, "cam", found)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "monitor cam: v2 against v1 on 1,234 images of a=b, window 1h" in text
    assert "+0.0200" in text
    assert "0.0100 to 0.0300" in text
    assert "< 0.001" in text
    assert "nan" not in text.lower()


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_moment_has_a_text(moment_us: int) -> None:
    assert moment_text(moment_us)


def test_lengths_of_time_are_read_easily() -> None:
    found = [seconds_text(each) for each in (0.25, 90, 119, 120, 7200, 172800, 1e7)]
    assert found == ["0.25 s", "90 s", "119 s", "2.0 min", "2.0 h", "2.0 d", "115.7 d"]
