"""Draw the dashboard's panels from a running Prometheus, where there is no Grafana.

    python docker/grafana/preview.py --prometheus http://127.0.0.1:9090 --monitor m --out m.png

Every panel of the dashboard is asked for as Grafana would ask; its lines, bands and legends
are drawn by matplotlib. It shows what the panels say, not how Grafana looks.
"""

import argparse
import json
import re
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import matplotlib as mpl
from basis_panels import BASIS
from panels import Panel
from quality_panels import QUALITY
from service_panels import SERVICE
from workings_panels import WORKINGS

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

COLUMNS, WIDE = 3, 24


class Source:
    """A Prometheus, and what the dashboard's variables are set to."""

    def __init__(self, base: str, choices: dict[str, str], start: float, end: float) -> None:
        self._base = base
        self._choices = choices
        self._start, self._end = start, end

    def lines(self, query: str, legend: str) -> dict[str, tuple[list[float], list[float]]]:
        """Return minutes and values of each series of a query, by its legend."""
        found: dict[str, tuple[list[float], list[float]]] = {}
        step = max(0.5, (self._end - self._start) / 200)
        for series in self._asked(query, step):
            name = named(legend, series["metric"])
            minutes = [(float(at) - self._start) / 60 for at, _ in series["values"]]
            found[self.chosen(name)] = (minutes, [float(value) for _, value in series["values"]])
        return found

    def chosen(self, text: str) -> str:
        """Return the text with the variables put in."""
        for variable, choice in self._choices.items():
            text = text.replace(variable, choice)
        return text

    def _asked(self, query: str, step: float) -> list[dict[str, Any]]:
        asked = {
            "query": self.chosen(query),
            "start": str(self._start),
            "end": str(self._end),
            "step": str(step),
        }
        url = f"{self._base}/api/v1/query_range?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  # as the caller says
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return result


def named(legend: str, labels: dict[str, str]) -> str:
    """Return a legend with the labels of a series put in."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


def draw_table(axes: Axes, panel: Panel, source: Source) -> None:
    """Draw the newest value of each column of a table, a place for each class."""
    for query, legend in panel.queries:
        newest = source.lines(query, "{{class}}")
        axes.plot(list(newest), [values[-1] for _, values in newest.values()], ".", label=legend)
    axes.set_title(source.chosen(panel.title), fontsize=8)
    axes.tick_params(labelsize=6)
    axes.tick_params(axis="x", rotation=60)
    axes.legend(fontsize=5, loc="best", frameon=False)
    axes.grid(alpha=0.25)


def draw_panel(axes: Axes, panel: Panel, source: Source) -> None:
    """Draw one panel of lines; one without data says so."""
    shown = {}
    for query, legend in panel.queries:
        shown |= source.lines(query, legend)
    edges = {legend for band in panel.bands for legend in band}
    for name, (minutes, values) in shown.items():
        if name not in edges:
            axes.plot(minutes, values, linewidth=1.2, label=name[:48])
    for low, high in panel.bands:
        if low in shown and high in shown:
            minutes, lowest = shown[low]
            highest = dict(zip(*shown[high], strict=True))
            filled = [
                (m, v, highest[m]) for m, v in zip(minutes, lowest, strict=True) if m in highest
            ]
            axes.fill_between(*zip(*filled, strict=True), alpha=0.25, linewidth=0, label=low[:12])
    axes.set_title(source.chosen(panel.title), fontsize=8)
    axes.tick_params(labelsize=6)
    if panel.maximum is not None:
        axes.set_ylim(0, panel.maximum * 1.02)
    if not shown:
        axes.annotate("no data", (0.5, 0.5), xycoords="axes fraction", ha="center", color="grey")
    elif len(shown) <= 8:
        axes.legend(fontsize=5, loc="best", frameon=False)
    axes.grid(alpha=0.25)


def draw_sheet(source: Source, file: Path) -> None:
    """Draw all panels below each other."""
    rows: list[list[Panel]] = []
    for panels in (QUALITY | BASIS | SERVICE | WORKINGS).values():
        row: list[Panel] = []
        for panel in panels:
            if row and (panel.width == WIDE or len(row) == COLUMNS):
                rows.append(row)
                row = []
            row.append(panel)
        rows.append(row)
    figure = plt.figure(figsize=(14, 2.3 * len(rows)), layout="constrained")
    grid = figure.add_gridspec(len(rows), COLUMNS)
    for k, row in enumerate(rows):
        for place, panel in enumerate(row):
            cell = grid[k, :] if panel.width == WIDE else grid[k, place]
            draw = draw_table if panel.kind == "table" else draw_panel
            draw(figure.add_subplot(cell), panel, source)
    figure.savefig(file, dpi=90)
    plt.close(figure)


def main() -> None:
    """Draw the sheet that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prometheus", required=True, help="its base URL")
    parser.add_argument("--monitor", required=True)
    parser.add_argument("--model", default=".*")
    parser.add_argument("--window", default="1h")
    parser.add_argument("--slice", default="^$", help="a regular expression; all images: ^$")
    parser.add_argument("--seconds", type=float, default=300, help="how long, until now")
    parser.add_argument("--rate-interval", default="5s")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    choices = {
        "$monitor": asked.monitor,
        "$model": asked.model,
        "$window": asked.window,
        "$slice": asked.slice,
        "$__rate_interval": asked.rate_interval,
    }
    now = time.time()
    draw_sheet(Source(asked.prometheus, choices, now - asked.seconds, now), asked.out)


if __name__ == "__main__":
    main()
