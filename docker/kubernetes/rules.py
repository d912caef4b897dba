"""Print the rules of `docker/prometheus/rules` as one resource of the Prometheus operator.

`make rules` writes it to components/prometheus-operator/prometheus-rule.yaml; a test holds that
file against what this prints.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).resolve().parents[1] / "prometheus" / "rules"
HEAD = "# Written by docker/kubernetes/rules.py from docker/prometheus/rules: change those.\n"


def resource() -> dict[str, Any]:
    """Return the resource: the groups of all files, in the order of the files' names."""
    files = [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yml"))
    ]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "boxgauge"},
        "spec": {"groups": [group for file in files for group in file["groups"]]},
    }


def text() -> str:
    """Return the file."""
    return HEAD + yaml.safe_dump(resource(), sort_keys=False, allow_unicode=True, width=100)


if __name__ == "__main__":
    sys.stdout.write(text())
