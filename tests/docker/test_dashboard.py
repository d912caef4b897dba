"""The Grafana dashboard: generated, made of series that exist, each query answered."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.paths import DASHBOARD, DOCKER
from tests.docker.series import LABELS, SERIES, TARGET, Series, assert_exposed, series_of
from tests.tools import require_tool

BOARD: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [(target["expr"], target["legendFormat"]) for p in PANELS for target in p["targets"]]
# What Grafana would put in for its variables.
CHOICES = {
    "$__rate_interval": "1m",
    "$monitor": "gate",
    "$model": ".*",
    "$window": "1h",
    "$slice": "^$",
}


def chosen(expr: str) -> str:
    for variable, choice in CHOICES.items():
        expr = expr.replace(variable, choice)
    return expr


def input_series(series: Series) -> list[dict[str, str]]:
    """Return promtool's form of one series that rises by one a scrape."""
    rows = []
    for name in series.names():
        labels = series.labels | {"job": "boxgauge", "instance": "i"}
        for bound in ("1", "+Inf") if name.endswith("_bucket") else (None,):
            bounded = labels | ({"le": bound} if bound else {})
            inside = ", ".join(f'{key}="{value}"' for key, value in bounded.items())
            rows.append({"series": f"{name}{{{inside}}}", "values": "0+1x40"})
    return rows


def test_the_committed_file_is_what_the_script_prints() -> None:
    script = [sys.executable, DOCKER / "grafana" / "dashboard.py"]
    printed = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert printed == DASHBOARD.read_text(encoding="utf-8")


@pytest.mark.parametrize(("expr", "legend"), QUERIES)
def test_a_query_uses_only_series_and_labels_that_are_exposed(expr: str, legend: str) -> None:
    assert_exposed(expr)
    names = series_of(expr)
    shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
    assert all(shown <= LABELS[name] | TARGET for name in names)


@pytest.mark.parametrize("variable", ["monitor", "model", "window", "slice"])
def test_a_variable_lists_a_label_that_its_series_has(variable: str) -> None:
    (query,) = [v["query"]["query"] for v in BOARD["templating"]["list"] if v["name"] == variable]
    (name,) = series_of(query)
    assert variable in LABELS[name]


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {name for expr, _ in QUERIES for name in series_of(expr)}
    missing = {series.name for series in SERIES if not shown & set(series.names())}
    assert missing == set()


def test_the_ends_of_a_band_are_lines_of_its_panel() -> None:
    bands = 0
    for panel in PANELS:
        legends = {target["legendFormat"] for target in panel["targets"]}
        for override in panel["fieldConfig"]["overrides"]:
            assert override["matcher"]["options"] in legends
            for each in override["properties"]:
                if each["id"] == "custom.fillBelowTo":
                    assert each["value"] in legends
                    bands += 1
    assert bands


def test_all_images_are_what_the_slice_variable_selects_by_default() -> None:
    (variable,) = [v for v in BOARD["templating"]["list"] if v["name"] == "slice"]
    assert variable["includeAll"]
    assert variable["allValue"] == "^$"


def test_no_query_averages_average_precision() -> None:
    for expr, _ in QUERIES:
        if "boxgauge_average_" in expr:
            assert not re.search(r"\b(avg|sum|min|max|quantile)\w*\b", expr), expr


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    cells = [
        (x, y)
        for panel in BOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < 24 for x, _ in cells)


@pytest.mark.tools
def test_prometheus_answers_every_query(tmp_path: Path) -> None:
    promtool = require_tool("promtool")
    rows = [row for series in SERIES for row in input_series(series)]
    test = {
        "interval": "15s",
        "input_series": [
            {"series": 'up{job="boxgauge", instance="i"}', "values": "1x40"},
            {"series": 'ALERTS{alertname="BoxGaugeDown", alertstate="firing"}', "values": "1x40"},
            *rows,
        ],
        "promql_expr_test": [
            {
                "expr": f"count({chosen(expr)}) > bool 0",
                "eval_time": "5m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for expr, _ in QUERIES
        ],
    }
    path = tmp_path / "dashboard.yml"
    path.write_text(yaml.safe_dump({"tests": [test]}), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
