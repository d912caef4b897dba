"""Figures of a report: curves, classes and sizes."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from boxgauge.engine import Curves, Report
from boxgauge.engine.settings import RECALL_GRID

# Okabe and Ito's colours, which the colour-blind can tell apart.
BLUE, ORANGE, GREEN, SKY, RED, YELLOW = (
    "#0072b2", "#e69f00", "#009e73", "#56b4e9", "#d55e00", "#f0e442",
)  # fmt: skip
_DIGITS = 4  # of plotted numbers: the eye sees three
_BAR_HEIGHT = 22
_ALL = "all classes (mean)"


def precision_recall(report: Report) -> go.Figure:
    """Return precision by recall at each IoU threshold, of all classes or of a chosen one."""
    thresholds = report.settings.iou_thresholds
    of_class = {
        each.object_class.name: k for k, each in enumerate(report.classes) if each.positives
    }
    shown = {_ALL: _mean_curves(report.curves)}
    shown |= {name: _class_curves(report.curves, k) for name, k in of_class.items()}
    figure = go.Figure()
    shades = np.linspace(0.95, 0.25, len(thresholds)).tolist()
    for iou, line, opacity in zip(thresholds, shown[_ALL], shades, strict=True):
        figure.add_scatter(
            x=RECALL_GRID,
            y=line,
            mode="lines",
            name=f"IoU {iou:.2f}",
            line={"color": BLUE, "width": 2},
            opacity=opacity,
            hovertemplate="recall %{x:.2f}: precision %{y:.3f}",
        )
    buttons = [
        {"label": name, "method": "restyle", "args": [{"y": lines}]}
        for name, lines in shown.items()
    ]
    menu = {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    figure.update_xaxes(title="recall", range=[0, 1.01])
    figure.update_yaxes(title="precision", range=[0, 1.03])
    styled(figure, height=460)
    side = {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"}
    return figure.update_layout(updatemenus=[menu], legend=side)


def class_bars(report: Report) -> go.Figure:
    """Return AP and AP50 of each class that has objects, best first."""
    classes = [each for each in report.classes if each.ap is not None]
    classes.sort(key=lambda each: (each.ap or 0.0, each.object_class.name))
    names = [each.object_class.name for each in classes]
    figure = go.Figure()
    figure.add_bar(
        y=names,
        x=[each.ap for each in classes],
        orientation="h",
        name="AP",
        marker_color=BLUE,
        customdata=[[each.positives, each.detections] for each in classes],
        hovertemplate="AP %{x:.3f}, %{customdata[0]} objects, %{customdata[1]} detections",
    )
    if any(each.ap50 is not None for each in classes):
        figure.add_scatter(
            y=names,
            x=[each.ap50 for each in classes],
            mode="markers",
            name="AP50",
            marker={"color": ORANGE, "size": 9, "symbol": "diamond"},
            hovertemplate="AP50 %{x:.3f}",
        )
    figure.update_xaxes(range=[0, 1.01], title="average precision")
    figure.update_yaxes(type="category", automargin=True, dtick=1)
    return styled(figure, height=110 + _BAR_HEIGHT * max(4, len(names)))


def size_bars(report: Report) -> go.Figure:
    """Return AP, AP50 and AR by area range."""
    names = [area.name for area in report.settings.areas]
    overall, recall = report.average_precision, report.average_recall
    most = report.settings.max_detections[-1]
    spans = sorted({iou for iou, _ in overall}, key=lambda iou: (":" not in iou, iou))
    figure = go.Figure()
    for span, colour in zip(spans, (BLUE, SKY, GREEN), strict=False):
        figure.add_bar(
            x=names,
            y=[overall.get((span, name)) for name in names],
            name=f"AP at IoU {span}",
            marker_color=colour,
            hovertemplate="%{y:.3f}",
        )
    figure.add_bar(
        x=names,
        y=[recall.get((name, most)) for name in names],
        name=f"AR, {most} detections",
        marker_color=ORANGE,
        hovertemplate="%{y:.3f}",
    )
    figure.update_yaxes(range=[0, 1.01])
    figure.update_layout(barmode="group")
    return styled(figure, height=360)


def styled(figure: go.Figure, *, height: int) -> go.Figure:
    """Return the figure in the page's style."""
    figure.update_layout(
        template="simple_white",
        height=height,
        margin={"l": 60, "r": 16, "t": 48, "b": 52},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1.0, "xanchor": "right"},
        font={"family": "system-ui, sans-serif", "size": 13},
        hoverlabel={"namelength": -1},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(showgrid=True, gridcolor="#e8ecf0")
    figure.update_yaxes(showgrid=True, gridcolor="#e8ecf0")
    return figure


def _class_curves(curves: Curves, k: int) -> list[list[float]]:
    """Return a class's precision [thresholds][recall points], first area, most detections."""
    return _rounded(curves.precision[:, :, k, 0, -1])


def _mean_curves(curves: Curves) -> list[list[float]]:
    """Return the mean over the classes that have objects; nothing if none has."""
    precision = curves.precision[:, :, :, 0, -1]
    defined = precision[0, 0] > -1
    if not defined.any():
        return [[] for _ in precision]
    return _rounded(precision[:, :, defined].mean(axis=2))


def _rounded(values: NDArray[np.float64]) -> list[list[float]]:
    rounded: list[list[float]] = values.round(_DIGITS).tolist()
    return rounded
