"""The page of an evaluation: whole, safe, and right in a real browser."""

import json
import re
import subprocess
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
    assert "default-src 'none'" in page
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


@pytest.mark.parametrize("detections", ["[]", None])
def test_a_page_without_detections_or_objects_is_still_a_page(
    boxgauge: Boxgauge,
    pair: tuple[Path, Path],
    graphs_dir: Path,
    tmp_path: Path,
    detections: str | None,
) -> None:
    gt, dt = pair
    if detections is None:
        document = json.loads(gt.read_text())
        gt.write_text(json.dumps(document | {"annotations": []}))
    else:
        dt.write_text(detections)
    assert "–" in body_of(page_of(boxgauge, gt, dt, graphs_dir, tmp_path / "page.html"))


@pytest.mark.tools
def test_a_browser_draws_it_without_complaint_or_request(
    boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path
) -> None:
    chromium = require_tool("chromium")
    gt, dt = SAMPLE / "ground_truth.json", SAMPLE / "detections.json"
    page, log = tmp_path / "page.html", tmp_path / "net.json"
    page_of(boxgauge, gt, dt, graphs_dir, page)
    flags = (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
        "disable-background-networking", "disable-component-update", "disable-sync",
        f"user-data-dir={tmp_path / 'profile'}", f"log-net-log={log}",
        "enable-logging=stderr", "virtual-time-budget=10000", "dump-dom",
    )  # fmt: skip
    command = [chromium, *(f"--{flag}" for flag in flags), page.as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in ended.stderr
    # A plot is a drawing only once its script has run.
    plots = len(re.findall(r'class="plotly-graph-div', ended.stdout))
    assert plots == len(re.findall(r'class="[^"]*js-plotly-plot', ended.stdout)) == 7
    assert ended.stdout.count('class="main-svg"') >= plots
    asked = set(re.findall(r'"url":"(\w+):', log.read_text()))
    assert asked <= {"file", "data", "chrome"}
