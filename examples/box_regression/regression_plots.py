"""The figures: error against step, and where in the disc the error stays."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from contestants import CONTESTANTS
from matplotlib.colors import LogNorm
from numpy.typing import NDArray
from protocol import MIDDLE, RADIUS
from regression_results import Result

mpl.use("Agg")
import matplotlib.pyplot as plt

_PANELS = {
    "paper": "The paper's four",
    "later": "Other shapes of the penalty",
    "focusing": "Powers and focusing",
    "distance": "Distances of coordinates",
}
_GROUPS = {each.label: each.group for each in CONTESTANTS}
_DASHES = ("-", "-", (0, (6, 1.5)), (0, (3, 2)), (0, (1, 1)))
_FLOOR = 1e-3


def draw_curves(results: Sequence[Result], path: Path) -> None:
    """Draw the mean error against the step, a panel for each group of losses."""
    figure, grid = plt.subplots(2, 2, figsize=(12, 8.4), sharex=True, sharey=True)
    for axis, (group, title) in zip(grid.flat, _PANELS.items(), strict=True):
        shown = [each for each in results if _GROUPS.get(each.label, "paper") == group]
        # Some coincide: later ones are thinner and broken, so that none is hidden.
        for number, result in enumerate(shown):
            axis.plot(
                result.curve,
                label=f"{result.label}  {result.curve[-1]:.2g}",
                lw=2.6 - 0.3 * number,
                ls=_DASHES[number % len(_DASHES)],
            )
        for step in (160, 180):
            axis.axvline(step, color="0.85", lw=0.8, zorder=0)
        axis.set(title=title, yscale="log", ylim=(_FLOOR, 12), xlim=(0, 200))
        axis.grid(color="0.92")
        if shown:
            axis.legend(title="mean error at step 200", fontsize=8, title_fontsize=8)
    for axis in grid[-1]:
        axis.set_xlabel("step")
    for axis in grid[:, 0]:
        axis.set_ylabel("mean error Σ|Δ(x, y, w, h)|")
    cases = f"{results[0].cases:,}" if results else "no"
    figure.suptitle(f"Box regression by exact gradients, {cases} cases", fontsize=12)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_maps(
    centres: NDArray[np.float64], results: Sequence[Result], path: Path, *, columns: int = 5
) -> None:
    """Draw, for each loss, the disc of centres coloured by the mean final error of their cases."""
    rows = max(1, -(-len(results) // columns))
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(2.4 * columns, 2.6 * rows + 0.4),
        squeeze=False,
        layout="constrained",
    )
    norm = LogNorm(_FLOOR, 10)
    away = (centres - MIDDLE).T
    # Rings of equal area, and directions.
    edges = RADIUS * np.sqrt(np.linspace(0, 1, 13)), np.linspace(-np.pi, np.pi, 37)
    polar = np.hypot(*away), np.arctan2(away[1], away[0])
    count, *_ = np.histogram2d(*polar, bins=edges)
    ring, angle = np.meshgrid(*edges, indexing="ij")
    axes = list(grid.flat)
    for axis in axes:
        axis.set_axis_off()
    for axis, result in zip(axes, results, strict=False):
        total, *_ = np.histogram2d(*polar, bins=edges, weights=result.by_centre)
        mean = np.maximum(np.ma.masked_where(count == 0, total) / np.maximum(count, 1), _FLOOR)
        x, y = ring * np.cos(angle), ring * np.sin(angle)
        mesh = axis.pcolormesh(x, y, mean, norm=norm, cmap="viridis")
        axis.set(title=result.label, aspect="equal")
    if results:
        figure.colorbar(mesh, ax=axes, shrink=0.5, label="mean error after 200 steps")
    figure.savefig(path, dpi=90)
    plt.close(figure)
