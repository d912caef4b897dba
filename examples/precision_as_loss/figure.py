"""Draw what came out: every seed, the means, and the precision curves."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # before pyplot: a server has no display

import matplotlib.pyplot as plt
import numpy as np
from configurations import CONFIGURATIONS
from intervals import t_interval
from matplotlib.axes import Axes
from report import MEASURES, Measure, configurations, values
from runs import RECALL, Record
from scoring import CURVE_RECALLS

# Of the colour-blind safe set of Okabe and Ito: surrogates, ranking losses, ours.
_SURROGATE, _RANKING, _OURS = "#0072B2", "#E69F00", "#009E73"
_COLOURS: Mapping[str, str] = {
    "ap-giou": _RANKING,
    "rank-sort-giou": _RANKING,
    "alrp": _RANKING,
    "precision-giou": _OURS,
    "ap-by-class-giou": _RANKING,
    "rank-sort-by-class-giou": _RANKING,
    "precision-by-class-giou": _OURS,
}
# Told apart within a colour by their dashes.
_LINES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 4)))


def draw(results: Record, path: Path) -> None:
    """Write a PNG of three panels: AP, precision at a recall, and precision by recall."""
    keys = configurations(results)
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(12, 4), width_ratios=(1, 1, 1.2), layout="constrained"
    )
    for panel, measure, title in (
        (left, "AP", "AP"),
        (middle, "P at R", f"precision at the val threshold of recall {RECALL}"),
    ):
        _seeds(panel, results, keys, MEASURES[measure])
        panel.set_title(title, fontsize=10)
    middle.set_yticklabels([])
    _curves(right, results, keys)
    source, pictures = results["source"], results["pictures"]["test"]
    figure.suptitle(f"{source}, {pictures} test pictures: seeds, means and 95% t intervals")
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _seeds(panel: Axes, results: Record, keys: list[str], measure: Measure) -> None:
    for row, key in enumerate(keys):
        found = list(values(results, key, measure).values())
        if not found:
            continue
        colour = _COLOURS.get(key, _SURROGATE)
        panel.plot(found, [row] * len(found), "o", color=colour, alpha=0.35, markersize=4)
        interval = t_interval(found)
        width = interval.half_width if len(found) > 1 else 0.0
        panel.errorbar(interval.mean, row, xerr=width, fmt="|", color=colour, capsize=4, ms=12)
    panel.set_yticks(range(len(keys)), [CONFIGURATIONS[key].title for key in keys])
    panel.set_ylim(len(keys) - 0.5, -0.5)
    panel.grid(axis="x", alpha=0.3)


def _curves(panel: Axes, results: Record, keys: list[str]) -> None:
    used: dict[str, int] = {}
    for key in keys:
        colour = _COLOURS.get(key, _SURROGATE)
        line = _LINES[used.setdefault(colour, 0) % len(_LINES)]
        used[colour] += 1
        curves = [
            record["test"]["curve"] for record in results["runs"] if record["configuration"] == key
        ]
        mean = np.mean(curves, 0)
        reached = np.min(curves, 0) > 0  # by every seed: else the mean would be of fewer
        panel.plot(
            np.array(CURVE_RECALLS)[reached],
            mean[reached],
            linestyle=line,
            color=colour,
            label=CONFIGURATIONS[key].title,
            linewidth=1.5,
        )
    panel.set_xlabel("recall")
    panel.set_title("precision by recall at IoU 0.5", fontsize=10)
    panel.legend(fontsize=7, loc="lower left")
    panel.grid(alpha=0.3)
