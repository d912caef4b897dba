"""Print the Grafana dashboard that is provisioned from ``dashboards/boxgauge.json``.

    python docker/grafana/dashboard.py > docker/grafana/dashboards/boxgauge.json

A panel a few lines long in ``panels.py`` is easier to read and to review than the JSON.
"""

import json
import sys
from typing import Any

from panels import ROWS, Panel

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24


def panel_json(panel: Panel, number: int, x: int, y: int, height: int) -> dict[str, Any]:
    """Return Grafana's form of ``panel`` at column ``x`` and row ``y`` of the grid."""
    limits = {"min": 0} if panel.maximum is None else {"min": 0, "max": panel.maximum}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": height},
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                **limits,
                # Undefined is absent, and a gap should look like one.
                "custom": {"spanNulls": False, "fillOpacity": 0, "showPoints": "auto"},
            },
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": chr(ord("A") + k),
                "datasource": DATASOURCE,
                "expr": expr,
                "legendFormat": legend,
            }
            for k, (expr, legend) in enumerate(panel.queries)
        ],
    }


def variable(name: str, query: str, *, many: bool) -> dict[str, Any]:
    """Return a dashboard variable that lists the label values which ``query`` finds."""
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": many,
        **({"allValue": ".*"} if many else {}),
    }


def dashboard(rows: dict[str, tuple[Panel, ...]], *, height: int = 9) -> dict[str, Any]:
    """Return the whole dashboard, rows below each other, panels from left to right."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in rows.items():
        place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": title, "gridPos": place, "panels": []}
        )
        x, y = 0, y + 1
        for panel in row:
            if x + panel.width > COLUMNS:
                x, y = 0, y + height
            panels.append(panel_json(panel, len(panels) + 1, x, y, height))
            x += panel.width
        y += height
    datasource = {"name": "datasource", "label": "Source", "type": "datasource"}
    return {
        "uid": "boxgauge",
        "title": "BoxGauge",
        "tags": ["object detection"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {**datasource, "query": "prometheus"},
                variable("monitor", "label_values(boxgauge_labelled_images, monitor)", many=False),
                variable(
                    "model",
                    'label_values(boxgauge_predicted_images{monitor="$monitor"}, model)',
                    many=True,
                ),
            ]
        },
        "panels": panels,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(dashboard(ROWS), indent=2) + "\n")
