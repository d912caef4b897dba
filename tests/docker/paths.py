"""Where the files under test lie."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
RULES = DOCKER / "prometheus" / "rules" / "boxgauge.rules.yml"
DASHBOARD = DOCKER / "grafana" / "dashboards" / "boxgauge.json"
