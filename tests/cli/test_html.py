"""The page of an evaluation: whole, safe, and right in a real browser."""

import html
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools import require_tool

from .conftest import Boxgauge

SAMPLE = Path(__file__).parents[2] / "examples" / "sample"
SECTIONS = (
    "curves", "classes", "sizes", "errors", "confusion", "scores", "calibration", "worst",
)  # fmt: skip


def page_of(boxgauge: Boxgauge, gt: Path, dt: Path, graphs: Path, page: Path) -> str:
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", graphs, "--html", page)
    assert ended.status == 0, ended.err
    assert ended.err.endswith(f"wrote {page}\n")
    return page.read_text(encoding="utf-8")


def body_of(page: str) -> str:
    return page[page.index("<body>") :]


def test_the_page_answers_every_question_and_shows_no_stand_ins(
    boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path
) -> None:
    gt, dt = SAMPLE / "ground_truth.json", SAMPLE / "detections.json"
    page = page_of(boxgauge, gt, dt, graphs_dir, tmp_path / "page.html")
    body = body_of(page)
    for section in SECTIONS:
        assert f'<section id="{section}">' in body
    shown = re.sub(r"<(script|svg)\b.*?</\1>", "", body, flags=re.DOTALL)
    assert not re.search(r">\s*(-1|-1\.0+|nan|None)\s*<", shown)
    # Nothing that a browser would fetch; the policy would not let it either.
    assert "default-src 'none'" in html.unescape(page)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page[: page.index("<script>")] + body)


def test_names_from_files_are_text_and_nothing_else(
    boxgauge: Boxgauge, pair: tuple[Path, Path], graphs_dir: Path, tmp_path: Path
) -> None:
    gt, dt = pair
    evil = "</script><img src=x onerror=alert(1)>"
    document = json.loads(gt.read_text())
    document["categories"][0]["name"] = evil
    gt.write_text(json.dumps(document))
    body = body_of(page_of(boxgauge, gt, dt, graphs_dir, tmp_path / "page.html"))
    assert "<img src=x" not in body
    assert "&lt;/script&gt;&lt;img" in body


@pytest.mark.parametrize("results", ["[]", None])
def test_a_page_without_detections_or_objects_is_still_a_page(
    boxgauge: Boxgauge,
    pair: tuple[Path, Path],
    graphs_dir: Path,
    tmp_path: Path,
    results: str | None,
) -> None:
    gt, dt = pair
    if results is None:
        document = json.loads(gt.read_text())
        gt.write_text(json.dumps(document | {"annotations": []}))
    else:
        dt.write_text(results)
    assert "–" in body_of(page_of(boxgauge, gt, dt, graphs_dir, tmp_path / "page.html"))


@dataclass(frozen=True)
class Seen:
    """What a browser made of a page."""

    dom: str
    complaints: list[str]
    requests: list[str]


def browse(page: Path, folder: Path) -> Seen:
    """Open a page in Chromium, which can reach nobody but files."""
    log = folder / "net.json"
    flags = (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
        "disable-background-networking", "disable-component-update", "disable-sync",
        "host-resolver-rules=MAP * ~NOTFOUND", f"user-data-dir={folder / 'profile'}",
        f"log-net-log={log}", "enable-logging=stderr", "virtual-time-budget=10000", "dump-dom",
    )  # fmt: skip
    command = [require_tool("chromium"), *(f"--{flag}" for flag in flags), page.as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    events = [each.get("params", {}) for each in json.loads(log.read_text())["events"]]
    return Seen(
        ended.stdout,
        [line for line in ended.stderr.splitlines() if "CONSOLE" in line],
        # The browser asks for things on its own account, too: those have no origin.
        [
            each["url"]
            for each in events
            if each.get("initiator", "not an origin") != "not an origin"
            and str(each.get("url")).startswith("http")
        ],
    )


@pytest.mark.tools
def test_a_browser_draws_it_without_complaint_or_request(
    boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    gt, dt = SAMPLE / "ground_truth.json", SAMPLE / "detections.json"
    page_of(boxgauge, gt, dt, graphs_dir, page)
    seen = browse(page, tmp_path)
    # A plot is a drawing only once its script has run.
    plots = len(re.findall(r'class="plotly-graph-div', seen.dom))
    assert plots == len(re.findall(r'class="[^"]*js-plotly-plot', seen.dom)) == 7
    assert seen.dom.count('class="main-svg"') >= plots
    assert seen.complaints == []
    assert seen.requests == []


@pytest.mark.tools
def test_complaints_and_requests_of_a_page_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<img src='http://example.invalid/a.png'><script>nobody()</script>")
    seen = browse(page, tmp_path)
    assert any("nobody is not defined" in each for each in seen.complaints)
    assert seen.requests[0] == "http://example.invalid/a.png"
