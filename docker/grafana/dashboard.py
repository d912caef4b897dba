"""Print the Grafana dashboard that is provisioned from ``dashboards/boxgauge.json``.

    python docker/grafana/dashboard.py > docker/grafana/dashboards/boxgauge.json

A panel a few lines long in ``..._panels.py`` is easier to read and to review than the JSON.
"""

import json
import sys
from typing import Any

from basis_panels import BASIS
from panels import Panel
from protection_panels import PROTECTION
from quality_panels import QUALITY
from service_panels import SERVICE
from workings_panels import WORKINGS

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
OF_MONITOR = 'boxgauge_predicted_images{monitor="$monitor"}'


def panel_json(panel: Panel, number: int, x: int, y: int, height: int) -> dict[str, Any]:
    """Return Grafana's form of ``panel`` at column ``x`` and row ``y`` of the grid."""
    is_table = panel.kind == "table"
    repeated = {"repeat": panel.repeat, "repeatDirection": "v"} if panel.repeat else {}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": height},
        **repeated,
        **(table_form(panel) if is_table else timeseries_form(panel)),
        "targets": [
            {
                "refId": chr(ord("A") + k),
                "datasource": DATASOURCE,
                "expr": expr,
                "legendFormat": legend,
                **({"instant": True, "range": False, "format": "table"} if is_table else {}),
            }
            for k, (expr, legend) in enumerate(panel.queries)
        ],
    }


def timeseries_form(panel: Panel) -> dict[str, Any]:
    """Return how lines are drawn, and what is filled between two of them."""
    limits = {} if panel.is_signed else {"min": 0}
    if panel.maximum is not None:
        limits["max"] = panel.maximum
    return {
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                **limits,
                # Undefined is absent, and a gap should look like one.
                "custom": {"spanNulls": False, "fillOpacity": 0, "showPoints": "auto"},
            },
            "overrides": [
                override
                for low, high in panel.bands
                for override in (edge(low), edge(high, below=low))
            ],
        },
        "options": {
            "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def edge(legend: str, *, below: str = "") -> dict[str, Any]:
    """Return how one edge of a band is drawn; the upper one is filled down to ``below``."""
    filled = {"custom.fillBelowTo": below, "custom.fillOpacity": 15} if below else {}
    properties = {"custom.lineWidth": 0, "custom.showPoints": "never", **filled}
    return {
        "matcher": {"id": "byName", "options": legend},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }


def table_form(panel: Panel) -> dict[str, Any]:
    """Return a table with a row for each set of labels and a column for each query."""
    renamed = {f"Value #{chr(ord('A') + k)}": legend for k, (_, legend) in enumerate(panel.queries)}
    hidden = ("Time", "__name__", "job", "instance", "monitor", "window")
    # The name would keep the queries' rows apart.
    organised = {"excludeByName": dict.fromkeys(hidden, True), "renameByName": renamed}
    return {
        "fieldConfig": {"defaults": {"unit": panel.unit, "max": panel.maximum}, "overrides": []},
        "options": {"showHeader": True},
        "transformations": [
            {"id": "organize", "options": {"excludeByName": {"__name__": True}}},
            {"id": "merge", "options": {}},
            {"id": "organize", "options": organised},
        ],
    }


def variable(name: str, query: str, *, many: bool = False, everything: str = "") -> dict[str, Any]:
    """Return a dashboard variable that lists the label values which ``query`` finds.

    ``everything`` is the regular expression that "All" stands for.
    """
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": bool(everything),
        **({"allValue": everything} if everything else {}),
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
                variable("monitor", "label_values(boxgauge_labelled_images, monitor)"),
                variable("model", f"label_values({OF_MONITOR}, model)", many=True, everything=".*"),
                variable("window", f"label_values({OF_MONITOR}, window)"),
                # All images have no slice: "All" selects them, and not every slice.
                variable("slice", f"label_values({OF_MONITOR}, slice)", everything="^$"),
            ]
        },
        "panels": panels,
    }


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps(dashboard(QUALITY | BASIS | SERVICE | WORKINGS | PROTECTION), indent=2) + "\n"
    )
