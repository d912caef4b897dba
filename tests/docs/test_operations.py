"""The operations guide: every alert is in it, and its sizes follow from what was measured."""

import re
from typing import Any

import pytest
import yaml

from boxgauge.server.settings import PREFIX, Settings
from tests.docs.conftest import ROOT

DOCS = ROOT / "docs"
GUIDE = (DOCS / "operations.md").read_text(encoding="utf-8")
GIB, GB, DAY_S = 2**30, 10**9, 86_400
# Not the service's: of commands and of what compose and Kubernetes set.
OTHERS = {"BOXGAUGE_TOKEN_FILE", "BOXGAUGE_CLIENT_TLS_CA"}


def rows(name: str) -> list[list[str]]:
    """Return the cells of the table between the guide's marks of this name."""
    (text,) = re.findall(rf"<!-- {name} -->\n(.+?)<!-- end of", GUIDE + "<!-- end of", re.S)
    lines = [line.strip("| ").split(" | ") for line in text.strip().splitlines()]
    return lines[2:]


def alerts() -> dict[str, dict[str, Any]]:
    files = (ROOT / "docker" / "prometheus" / "rules").glob("*.yml")
    return {
        rule["alert"]: rule
        for path in files
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def measured(document: str, pattern: str) -> float:
    """Return the one figure that a document states so."""
    text = (DOCS / document).read_text(encoding="utf-8")
    (found,) = re.findall(pattern, text, re.M)
    return float(found.replace(",", ""))


def test_every_alert_has_its_line_and_its_severity() -> None:
    told = {re.findall(r"\[(\w+)\]", first)[0]: severity for first, severity, _ in rows("alerts")}
    assert told == {name: rule["labels"]["severity"] for name, rule in alerts().items()}


@pytest.mark.parametrize("name", sorted(alerts()))
def test_an_alert_leads_to_its_own_section(name: str) -> None:
    (first,) = [row[0] for row in rows("alerts") if row[0].startswith(f"[{name}]")]
    assert name.lower() in first.partition("#")[2]


def test_the_sizes_follow_from_what_was_measured() -> None:
    image_bytes = measured("journal.md", r"^\| 100 \| ([\d,]+) \(random")
    image_us = measured("performance.md", r"^\| 16 \| 6400 \|.*\| (\d+) \|$")
    assert f"{image_bytes:,.0f} bytes, for the retention" in GUIDE
    assert f"16 a message | {image_us:.0f} µs of a core" in GUIDE
    sizes = rows("sizing")
    assert len(sizes) == 5
    for rate, cores, day, week, bound, volume in sizes:
        a_day = float(rate) * image_bytes * DAY_S
        assert float(cores) == pytest.approx(float(rate) * image_us / 1e6, rel=0.2)
        assert float(day.split()[0]) == pytest.approx(a_day / GB, abs=0.06)
        assert float(week.split()[0]) == pytest.approx(7 * a_day / GB, abs=0.6)
        allowed = float(bound.split()[0])
        assert allowed * GIB > 7 * a_day
        assert float(volume.split()[0]) == 2.5 * allowed


def test_the_default_bound_is_the_one_that_is_named() -> None:
    default = Settings.model_fields["max_journal_bytes"].default
    named = {row[4] for row in rows("sizing") if "default" in row[4]}
    assert named == {f"{default / GIB:.0f} GiB (the default)"}


def test_every_setting_that_is_named_exists() -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", GUIDE))
    assert len(named) > 5
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert named - OTHERS <= known
