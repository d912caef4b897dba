"""Scrape configuration, rules and alerts, read by Prometheus' own promtool."""

import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.credentials import Credentials
from tests.docker.paths import DOCKER, RULES_FOLDER
from tests.docker.series import assert_exposed
from tests.tools import require_tool

PROMETHEUS = DOCKER / "prometheus"
RUNBOOK = DOCKER.parent / "docs" / "alerts.md"
RULE_LIST: list[dict[str, Any]] = [
    rule
    for path in sorted(RULES_FOLDER.glob("*.yml"))
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [rule["alert"] for rule in RULE_LIST if "alert" in rule]


def promtool(*arguments: object) -> None:
    command = [require_tool("promtool"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.tools
def test_the_configuration_is_valid(made: Credentials, tmp_path: Path) -> None:
    # promtool looks for the files that it names, too.
    shutil.copytree(PROMETHEUS, tmp_path / "prometheus")
    (tmp_path / "prometheus" / "boxgauge").symlink_to(made.scrape_token.parent)
    promtool("check", "config", tmp_path / "prometheus" / "prometheus.yml")


@pytest.mark.tools
def test_the_rules_are_valid() -> None:
    promtool("check", "rules", *RULES_FOLDER.glob("*.yml"))


@pytest.mark.tools
@pytest.mark.parametrize("name", sorted(p.name for p in (PROMETHEUS / "tests").glob("*.yml")))
def test_the_alerts_fire_when_they_should_and_not_before(name: str) -> None:
    promtool("test", "rules", PROMETHEUS / "tests" / name)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_is_tested_both_silent_and_firing(alert: str) -> None:
    checks = [
        check
        for path in (PROMETHEUS / "tests").glob("*.yml")
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for check in test["alert_rule_test"]
        if check["alertname"] == alert
    ]
    assert {bool(check["exp_alerts"]) for check in checks} == {False, True}


@pytest.mark.parametrize("rule", RULE_LIST, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_uses_only_series_and_labels_that_are_exposed(rule: dict[str, Any]) -> None:
    assert_exposed(rule["expr"])


def test_recorded_series_that_are_used_are_recorded() -> None:
    recorded = {rule["record"] for rule in RULE_LIST if "record" in rule}
    used = {
        word
        for rule in RULE_LIST
        for word in rule["expr"].replace("(", " ").split()
        if ":boxgauge_" in word
    }
    assert used
    assert used <= recorded


@pytest.mark.parametrize("rule", RULE_LIST, ids=lambda rule: rule.get("alert") or rule["record"])
def test_no_rule_averages_average_precision(rule: dict[str, Any]) -> None:
    if "boxgauge_average_" in rule["expr"]:
        assert not any(word in rule["expr"] for word in ("avg", "sum(", "sum by", "sum ("))


@pytest.mark.parametrize("alert", [r for r in RULE_LIST if "alert" in r], ids=lambda r: r["alert"])
def test_an_alert_says_how_bad_it_is_and_what_it_means(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["description"]


def test_the_runbook_has_a_word_on_every_alert_and_on_no_other() -> None:
    headings = re.findall(r"^### (.+)$", RUNBOOK.read_text(encoding="utf-8"), re.M)
    told = [name for line in headings for name in line.split(", ") if name.startswith("BoxGauge")]
    assert sorted(told) == sorted(ALERTS)


def test_every_alert_leads_to_its_section_of_the_runbook() -> None:
    runbooks = runpy.run_path(str(PROMETHEUS / "runbooks.py"))
    addresses = runbooks["sections"]()
    for rule in RULE_LIST:
        if "alert" in rule:
            assert rule["annotations"]["runbook_url"] == addresses[rule["alert"]]
            assert rule["alert"].lower() in addresses[rule["alert"]].partition("#")[2]
    for path in runbooks["files"]():
        text = path.read_text(encoding="utf-8")
        assert text == runbooks["with_runbooks"](text, addresses), f"{path.name}: run `make rules`"


def test_a_floor_of_the_shipped_file_is_what_the_alert_reads() -> None:
    floors = [rule for rule in RULE_LIST if rule.get("record") == "monitor:boxgauge_ap50:floor"]
    assert floors
    assert all(set(rule["labels"]) == {"monitor"} for rule in floors)


def test_the_scraped_job_is_the_one_the_rules_select() -> None:
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    assert [scrape["job_name"] for scrape in config["scrape_configs"]] == ["boxgauge"]
