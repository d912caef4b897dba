"""Figures of what goes wrong: the confusion matrix, and what each kind of error costs."""

import numpy as np
import plotly.graph_objects as go

from boxgauge.cli.html.figures import BLUE, ORANGE, styled
from boxgauge.engine.analysis import Confusion, ErrorDecomposition

_CELL_PX, _SMALLEST_PX, _LARGEST_PX = 26, 360, 1080
# Numbers are written into the cells while they can be read.
_MOST_WRITTEN = 12
# From here on the names of classes are small.
_MANY = 40
BACKGROUND = "background"


def confusion(matrix: Confusion) -> go.Figure:
    """Return the matrix with each row as shares of its objects, and the counts at hand."""
    # Classes with neither objects nor detections would only take up space.
    occurring = (matrix.counts.sum(0) + matrix.counts.sum(1)) > 0
    occurring[-1] = True
    every = [*(each.name for each in matrix.classes), BACKGROUND]
    names = [name for name, occurs in zip(every, occurring.tolist(), strict=True) if occurs]
    counts = matrix.counts[occurring][:, occurring]
    figure = go.Figure()
    figure.add_heatmap(
        # Rows without any object stay empty.
        z=matrix.of_truth().filled(np.nan).round(3)[occurring][:, occurring],
        x=names,
        y=names,
        text=counts.tolist(),
        texttemplate="%{text}" if len(names) <= _MOST_WRITTEN else None,
        hovertemplate="%{y} detected as %{x}: %{text} (%{z:.1%} of the row)<extra></extra>",
        colorscale=[[0, "#ffffff"], [0.02, "#dcebf5"], [1, BLUE]],
        zmin=0,
        zmax=1,
        colorbar={"title": "share", "thickness": 12, "tickformat": ".0%"},
    )
    side = min(max(_CELL_PX * len(names) + 120, _SMALLEST_PX), _LARGEST_PX)
    styled(figure, height=side)
    figure.update_layout(margin={"t": 16})
    small = {"size": 9 if len(names) > _MANY else 12}
    figure.update_xaxes(title="detected as", tickangle=-90 if len(names) > _MANY else -45)
    figure.update_yaxes(title="object", autorange="reversed")
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(type="category", dtick=1, automargin=True, showgrid=False, tickfont=small)
    return figure


def error_costs(errors: ErrorDecomposition) -> go.Figure:
    """Return the AP that each kind of error costs, with how often it occurs."""
    names = [each.name for each in errors.errors]
    figure = go.Figure()
    figure.add_bar(
        x=names,
        y=[each.cost for each in errors.errors],
        marker_color=BLUE,
        customdata=[each.count for each in errors.errors],
        text=[f"{each.count:,}" for each in errors.errors],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{customdata:,} errors cost %{y:.3f} AP<extra></extra>",
        showlegend=False,
    )
    figure.add_bar(
        x=["all false<br>positives", "all false<br>negatives"],
        y=[errors.false_positives, errors.false_negatives],
        marker_color=ORANGE,
        hovertemplate="%{y:.3f} AP<extra></extra>",
        showlegend=False,
    )
    figure.update_yaxes(title="AP gained without it", rangemode="tozero")
    return styled(figure, height=360)
