"""Where the files under test lie."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
RULES_FOLDER = DOCKER / "prometheus" / "rules"
DASHBOARD = DOCKER / "grafana" / "dashboards" / "boxgauge.json"
