"""The page in a real browser: whole, safe, live, and within reach of everybody."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from boxgauge.engine import Engine
from boxgauge.engine.online.compared import PairedQuality
from boxgauge.engine.online.predicted import Drift
from boxgauge.engine.online.quality import Quality, WorstImage
from boxgauge.engine.online.windows import Span, Window
from boxgauge.engine.settings import ObjectClass
from boxgauge.server.metrics_http import MetricsServer
from boxgauge.server.monitor.reports import MonitorComparison
from boxgauge.server.page.routes import Answer
from tests.browser import Browser
from tests.tools import require_tool

from .conftest import Site, entry
from .reports import comparison_of, drift_of, report_of, sample

pytestmark = pytest.mark.tools

PARTS = (
    "head", "freshness", "warnings", "headline", "statistics", "history", "curves", "calibration",
    "classes", "labels", "estimate", "drift", "losses", "worst", "comparisons",
)  # fmt: skip
DESKTOP = {"width": 1280, "height": 900}
VISIBLE = (
    "[...document.querySelectorAll('section')]"
    ".filter((each) => each.checkVisibility()).map((each) => each.id.slice(5))"
)
IS_SHOWN = "document.querySelector('#part-classes tbody tr')"
EVIL = "<img src=x onerror=alert(1)>"

# How many refreshes are due: timers that were set and neither ran nor were cleared.
COUNT_TIMERS = """
window.due = new Set();
const [set, clear] = [window.setTimeout, window.clearTimeout];
window.setTimeout = (run, delay, ...rest) => {
  const id = set(() => { window.due.delete(id); run(...rest); }, delay);
  if (delay >= 1000) window.due.add(id);
  return id;
};
window.clearTimeout = (id) => { window.due.delete(id); clear(id); };
"""

# Every text that is shown, with the contrast of its colour to what is behind it.
CONTRASTS = """
(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, alpha = 1] = channels(getComputedStyle(each).backgroundColor);
      if (alpha === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(channels(colour)), light(behind(element))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), walk.currentNode.data.trim().slice(0, 40)]);
  }
  return found.sort((x, y) => x[0] - y[0]);
})()
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(require_tool("chromium"), tmp_path_factory.mktemp("browser")) as browser:
        browser.prepare(COUNT_TIMERS)
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """Return the browser as if it were new, but for its cache."""
    chromium.look_like(**DESKTOP)
    chromium.complaints.clear()
    chromium.requests.clear()
    return chromium


@pytest.fixture(scope="module")
def drift() -> Drift:
    predictions, _, classes = sample()
    half = len(predictions) // 2
    now = predictions.take(range(half, 2 * half))
    return drift_of(predictions.take(range(half)), replace(now, scores=now.scores**2), classes)


@pytest.fixture(scope="module")
def paired(engine: Engine) -> PairedQuality:
    predictions, truths, classes = sample()
    weaker = replace(predictions, scores=1 - predictions.scores)
    return comparison_of(engine, (predictions, weaker), truths, classes)


@pytest.fixture
def filled(site: Site, sketched: Quality, drift: Drift, paired: PairedQuality) -> Site:
    """Return a page with something to show in every part."""
    site.entries = [
        entry("cam", models=("m", "n"), slices=("camera=east", "camera=west")),
        entry("new", models=()),
        entry("waiting"),
    ]
    for k in range(5):
        site.now += 60
        site.show(report_of(sketched, drift=drift, predicted_images=500 - k))
    site.show(report_of(sketched, model="n"))
    site.shelf.compared(MonitorComparison("cam", "m", "n", Window("1h"), Span(0, 0), "", paired))
    return site


Look = Callable[..., Browser]


@pytest.fixture
def look(browser: Browser, site: Site) -> Look:
    """Return a function that opens a view and waits until it is there."""

    def at(until: str = IS_SHOWN, **route: str) -> Browser:
        browser.open("about:blank")
        browser.open(f"{site.url}/#/monitor?{urlencode(route)}" if route else f"{site.url}/")
        browser.wait_for(until)
        return browser

    return at


def has(text: str) -> str:
    return f"document.body.innerText.includes({text!r})"


def test_every_part_is_drawn_without_complaint_or_foreign_request(
    filled: Site, tmp_path: Path, sketched: Quality
) -> None:
    with Browser(require_tool("chromium"), tmp_path) as browser:
        browser.look_like(**DESKTOP)
        browser.open(f"{filled.url}/#/monitor?monitor=cam&model=m")
        browser.wait_for(IS_SHOWN)
        assert browser.value(VISIBLE) == list(PARTS)
        ap = sketched.report.statistics.AP
        assert browser.value("document.querySelector('.big').textContent") == f"{ap:.3f}"
        assert browser.value("document.title") == f"cam · AP {ap:.3f} – BoxGauge"
        assert browser.value("document.querySelectorAll('#part-history path.line').length") == 1
        assert browser.value("document.querySelectorAll('#part-curves path.line').length") == 3
        assert browser.value("document.querySelectorAll('#part-classes tbody tr').length") == 10
        assert browser.value("document.querySelectorAll('.feature').length") == 3
        browser.open(f"{filled.url}/#/")
        browser.wait_for("document.querySelectorAll('table.monitors tbody tr').length === 4")
    assert browser.complaints == []
    asked = [*browser.requests, *browser.logged_requests()]
    assert len(asked) > 50
    assert [each for each in asked if not each.startswith(f"{filled.url}/")] == []


def test_complaints_and_foreign_requests_are_seen(site: Site, tmp_path: Path) -> None:
    with Browser(require_tool("chromium"), tmp_path) as browser:
        browser.open(f"{site.url}/")
        browser.wait_for(has("No monitors yet"))
        browser.value("fetch('http://example.invalid/a').catch(() => null)")
        browser.value("document.body.setAttribute('style', 'color: red')")
        browser.value("setTimeout(() => nobody(), 0)")
        browser.wait_for("true")
    for said in ("connect-src", "style-src", "nobody is not defined"):
        assert any(said in each for each in browser.complaints)


def test_names_from_outside_are_text_and_nothing_else(
    site: Site, look: Look, quality: Quality
) -> None:
    classes = list(quality.report.classes)
    classes[0] = replace(classes[0], object_class=ObjectClass(0, EVIL))
    evil = replace(
        quality,
        report=replace(quality.report, classes=tuple(classes), notes=(EVIL,)),
        worst=(WorstImage(EVIL, 3, 0.5),),
        sources=((EVIL, 1), ("audit", 2)),
    )
    tag = f"camera={EVIL}"
    site.entries = [entry("cam", slices=(tag,))]
    site.show(report_of(evil, slice=tag))
    site.show(report_of(evil))
    browser = look(monitor="cam", slice=tag)
    assert browser.value("document.querySelectorAll('img').length") == 0
    shown = browser.value("document.body.innerText")
    assert shown.count(EVIL) >= 5
    assert browser.value("document.querySelector('[data-keep=slice]').value") == tag
    assert browser.complaints == []


@pytest.mark.parametrize("width", [320, 360, 768, 850, 1280])
def test_nothing_sticks_out_at_any_width(filled: Site, look: Look, width: int) -> None:
    long = "m" * 100
    filled.entries.append(entry(long, models=(long, long[:-1] + "n"), slices=("key=" + "v" * 128,)))
    filled.show(replace(filled.shelf.report("cam", "m", "", "").made, monitor=long, model=long))
    browser = look(monitor=long)
    browser.look_like(width=width, height=780)
    browser.wait_for(
        f"document.documentElement.clientWidth === {width} && "
        f"document.querySelector('#part-history svg').clientWidth < {width}"
    )
    assert browser.value("document.documentElement.scrollWidth") == width
    browser.open(f"{filled.url}/#/")
    browser.wait_for("document.querySelector('table.monitors')")
    assert browser.value("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("route", [{}, {"monitor": "cam"}, {"monitor": "new"}], ids=str)
def test_every_text_stands_out_from_what_is_behind_it(
    filled: Site, look: Look, route: dict[str, str], *, dark: bool
) -> None:
    browser = look(until="document.querySelector('h1')", **route)
    browser.look_like(**DESKTOP, dark=dark)
    browser.wait_for(f"matchMedia('(prefers-color-scheme: {'dark' if dark else 'light'})').matches")
    found = browser.value(CONTRASTS)
    assert len(found) > 5
    assert found[0][0] >= 4.5, found[:5]


def test_the_keyboard_reaches_everything(filled: Site, look: Look) -> None:
    browser = look(monitor="cam")
    reached = []
    for _ in range(45):
        browser.press("Tab")
        reached.append(
            browser.value(
                "document.activeElement.dataset.keep || document.activeElement.id || "
                "document.activeElement.textContent.trim().slice(0, 20)"
            )
        )
    assert reached[0] == "Skip to content"
    for wanted in ("pause", "model", "slice", "timeline", "figure-ap50", "sort-ap", "class-rows"):
        assert wanted in reached
    focused = "getComputedStyle(document.activeElement).outlineStyle"
    browser.value("document.querySelector('[data-keep=sort-ap]').focus()")
    browser.press("Tab")
    assert browser.value(focused) == "solid"


def test_a_column_s_name_sorts_by_it(filled: Site, look: Look, sketched: Quality) -> None:
    browser = look(monitor="cam")
    rows = "[...document.querySelectorAll('#part-classes tbody tr')]"
    column = f"{rows}.map((row) => row.children[1].textContent)"
    ascending = sorted(f"{each.ap:.3f}" for each in sketched.report.classes)
    browser.value("document.querySelector('[data-keep=sort-ap]').focus()")
    browser.press("Enter")
    assert browser.value(column) == ascending[::-1]
    browser.press("Enter")
    assert browser.value(column) == ascending
    assert (
        browser.value("document.querySelector('[aria-sort]').getAttribute('aria-sort')")
        == "ascending"
    )
    assert browser.value("document.activeElement.dataset.keep") == "sort-ap"


def test_a_newer_report_is_shown_and_the_reader_s_place_is_kept(
    filled: Site, look: Look, quality: Quality
) -> None:
    browser = look(monitor="cam", model="m")
    browser.value("document.querySelector('[data-keep=sort-ap50]').click()")
    browser.value("document.querySelector('[data-keep=class-rows]').scrollLeft = 0")
    browser.value("document.querySelector('[data-keep=sort-ap50]').focus()")
    filled.now += 60
    filled.shelf.record(report_of(quality, predicted_images=200))
    browser.wait_for(has("200 of 200 predicted images"))
    assert browser.value("document.activeElement.dataset.keep") == "sort-ap50"
    assert browser.value("document.querySelector('[aria-sort]').textContent") == "AP50 ↓"
    assert browser.value("document.querySelector('.explained').innerText.includes('Exact')")


def test_pause_holds_the_page_still_and_resume_brings_it_up_to_date(
    filled: Site, look: Look, quality: Quality
) -> None:
    browser = look(monitor="cam", model="m")
    browser.wait_for("window.due.size === 1")
    press = "document.getElementById('pause').click()"
    clock = "document.getElementById('clock').textContent"
    before = browser.value(clock)
    filled.now += 60
    browser.value(press)
    browser.wait_for(f"{clock} !== {before!r}")
    assert browser.value("window.due.size") == 0
    assert browser.value("document.getElementById('pause').getAttribute('aria-pressed')") == "true"
    filled.shelf.record(report_of(quality, predicted_images=200))
    browser.value(press)
    browser.wait_for(has("200 of 200 predicted images"))
    browser.wait_for("window.due.size === 1")


def test_model_and_slice_are_chosen_by_the_address(filled: Site, look: Look) -> None:
    browser = look(monitor="cam", model="n")
    assert browser.value("document.querySelector('[data-keep=model]').value") == "n"
    browser.value(
        "(() => { const s = document.querySelector('[data-keep=slice]'); s.value = 'camera=west';"
        " s.dispatchEvent(new Event('change')); })()"
    )
    browser.wait_for(has("No report over this window and slice was made yet"))
    assert "slice=camera%3Dwest" in browser.value("location.hash")
    assert browser.complaints == [
        f"Failed to load resource: the server responded with a status of 404 (Not Found) "
        f"{filled.url}/api/v1/report?monitor=cam&model=n&window=1h&slice=camera%3Dwest"
    ]


@pytest.mark.parametrize(
    ("route", "text"),
    [
        (
            {"monitor": "new"},
            "boxgauge replay --gt ground_truth.json --dt detections.json --monitor new",
        ),
        ({"monitor": "waiting"}, "was made yet"),
        ({"monitor": "no such"}, "There is no monitor of this name"),
        ({}, "no predictions yet"),
    ],
    ids=["new", "waiting", "absent", "list"],
)
def test_an_empty_state_says_what_to_do(
    filled: Site, look: Look, route: dict[str, str], text: str
) -> None:
    look(until=has(text), **route)


def test_without_labels_only_what_needs_none_is_shown(
    site: Site, look: Look, unlabelled: Quality
) -> None:
    site.show(report_of(unlabelled, predicted_images=37))
    browser = look(until=has("37 images predicted, none of them labelled"), monitor="cam")
    assert browser.value(VISIBLE) == [
        "head",
        "freshness",
        "headline",
        "history",
        "labels",
        "estimate",
        "drift",
    ]
    assert browser.value("document.querySelector('#part-estimate').innerText.includes('≈ 0.83')")


def test_a_service_that_is_gone_is_told_and_the_last_word_stays(filled: Site, look: Look) -> None:
    browser = look(monitor="cam")
    filled.fault = ZeroDivisionError()
    browser.value("document.getElementById('pause').click()")
    browser.wait_for(has("The service answers: internal error."))
    assert browser.value(IS_SHOWN + " !== null")
    filled.fault = None
    browser.value("document.getElementById('pause').click()")
    browser.wait_for("document.getElementById('trouble').hidden")


def test_the_arrow_keys_read_the_timeline(filled: Site, look: Look) -> None:
    browser = look(monitor="cam", model="m")
    readout = "document.querySelector('.readout').textContent"
    last = browser.value(readout)
    browser.value("document.querySelector('[data-keep=timeline]').focus()")
    browser.press("ArrowLeft")
    browser.press("ArrowLeft")
    assert browser.value(readout) != last
    assert browser.value(f"{readout}.includes('95% 0.')")
    assert browser.value("document.activeElement.dataset.keep") == "timeline"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("percent(0)", "0%"),
        ("percent(0.004)", "< 1%"),
        ("percent(0.9999)", "> 99%"),
        ("percent(1)", "100%"),
        ("percent(null)", "–"),
        ("ratio(0.5)", "0.500"),
        ("ratio(null)", "–"),
        ("fineRange([0.57012, 0.57034])", "0.57012 – 0.57034"),
        ("fineRange([0.1, 0.1])", "0.100000, both ends"),
        ("signed(-0.0321)", "−0.032"),
        ("signed(0.0001)", "0.000"),
        ("probability(0.0002)", "< 0.001"),
        ("number(0.00001234)", "1.2e−5"),
        ("duration(4.44)", "4.4 s"),
        ("duration(7300)", "2 h"),
        ("duration(-3)", "−3 s"),
        ("counted(1, 'image')", "1 image"),
        ("counted(1234, 'image')", "1,234 images"),
    ],
)
def test_figures_are_written_plainly(look: Look, call: str, text: str) -> None:
    browser = look(until=has("No monitors yet"))
    assert browser.value(f"import('/static/format.js').then((f) => f.{call})") == text


def test_of_many_classes_some_are_shown_and_all_are_found(
    site: Site, look: Look, quality: Quality
) -> None:
    one = quality.report.classes[0]
    many = tuple(
        replace(one, object_class=ObjectClass(k, f"species {k}"), ap=k / 1203) for k in range(1203)
    )
    report = replace(quality.report, classes=many)
    site.show(report_of(replace(quality, report=report, class_best=(), confidence=None)))
    browser = look(monitor="cam")
    rows = "document.querySelectorAll('#part-classes tbody tr').length"
    assert browser.value(rows) == 100
    browser.value(
        "(() => { const f = document.querySelector('[data-keep=class-filter]'); f.focus();"
        " f.value = '120'; f.setSelectionRange(3, 3); f.dispatchEvent(new Event('input')); })()"
    )
    names = "[...document.querySelectorAll('#part-classes tbody th')].map((e) => e.textContent)"
    # Numbers within names are in the order of numbers.
    assert browser.value(names) == [f"species {k}" for k in range(1203) if "120" in str(k)]
    assert browser.value("document.activeElement.selectionStart") == 3
    browser.value(
        "(() => { const f = document.querySelector('[data-keep=class-filter]');"
        " f.value = ''; f.dispatchEvent(new Event('input')); })()"
    )
    browser.value("document.querySelector('[data-keep=class-all]').click()")
    assert browser.value(rows) == 1203


def test_a_proxy_may_serve_it_under_a_path(filled: Site, browser: Browser) -> None:
    def below(path: str, query: str, etag: str) -> Answer | None:
        return filled.pages(path.removeprefix("/ops"), query, etag) if path[:5] == "/ops/" else None

    server = MetricsServer(lambda: b"", lambda: True, below)
    url = f"http://127.0.0.1:{server.start('127.0.0.1', 0)}/ops/"
    try:
        browser.open(f"{url}#/monitor?monitor=cam")
        browser.wait_for(IS_SHOWN)
    finally:
        browser.open("about:blank")
        server.stop()
    assert [each for each in browser.requests if not each.startswith(url)] == []
    assert browser.complaints == []
