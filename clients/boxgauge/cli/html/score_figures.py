"""Figures against the score: precision, recall, F-beta, and what a score is worth."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from boxgauge.cli.html.figures import BLUE, GREEN, ORANGE, RED, styled
from boxgauge.engine.analysis import CalibrationReport, ScoreCurve, ScoreCurves

# A curve of half a million scores is drawn with this many points.
_MOST_POINTS = 400


def score_lines(curves: ScoreCurves) -> go.Figure:
    """Return precision, recall and F-beta of all classes together by the score threshold."""
    overall = curves.overall
    shown = _thinned(len(overall.thresholds))
    x = overall.thresholds[shown]
    figure = go.Figure()
    for name, values, colour in (
        ("precision", overall.precision, BLUE),
        ("recall", overall.recall, ORANGE),
        (f"F{curves.beta:g}", overall.f_beta, GREEN),
    ):
        if values is not None:
            figure.add_scatter(
                x=x,
                y=values[shown].round(4),
                mode="lines",
                name=name,
                line={"color": colour, "width": 2, "shape": "vh"},
                hovertemplate="from score %{x:.3f}: %{y:.3f}",
            )
    best = overall.best()
    if best is not None:
        figure.add_vline(
            x=best.score_threshold,
            line={"color": RED, "dash": "dot"},
            annotation_text=f"F{curves.beta:g} {best.f_beta:.3f} at {best.score_threshold:.3f}",
            annotation_position="bottom right",
        )
    figure.update_xaxes(title="score threshold")
    figure.update_yaxes(range=[0, 1.03])
    return styled(figure, height=380)


def reliability(report: CalibrationReport) -> go.Figure:
    """Return precision, and precision times IoU, in each bin of scores, beside the ideal."""
    curve = report.overall.curve
    centres = (curve.edges[:-1] + curve.edges[1:]) / 2
    width = float(curve.edges[1] - curve.edges[0])
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.04
    )
    figure.add_bar(
        x=centres,
        y=curve.precisions.filled(np.nan),
        width=width,
        name="precision",
        marker={"color": BLUE, "line": {"color": "#fff", "width": 1}},
        hovertemplate="score about %{x:.2f}: precision %{y:.3f}",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=centres,
        y=(curve.precisions * curve.mean_ious).filled(np.nan),
        mode="markers",
        name="precision × IoU",
        marker={"color": ORANGE, "size": 8, "symbol": "diamond"},
        hovertemplate="%{y:.3f}",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="calibrated",
        line={"color": RED, "dash": "dot"},
        hoverinfo="skip",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=centres,
        y=curve.detections,
        width=width,
        name="detections",
        marker={"color": "#9aa7b4", "line": {"color": "#fff", "width": 1}},
        hovertemplate="%{y:,} detections",
        showlegend=False,
        row=2,
        col=1,
    )
    styled(figure, height=460)
    figure.update_yaxes(range=[0, 1.02], row=1, col=1)
    figure.update_yaxes(title="count", row=2, col=1)
    figure.update_xaxes(title="score", range=[0, 1], row=2, col=1)
    return figure


def best_rows(curves: ScoreCurves) -> list[tuple[str, ...]]:
    """Return the best threshold of each class that has objects, and of all together."""
    every = (curves.overall, *curves.classes)
    return [_best_row(each) for each in every if each.positives]


def _best_row(curve: ScoreCurve) -> tuple[str, ...]:
    name = curve.object_class.name if curve.object_class else "all classes"
    best = curve.best()
    if best is None:
        return name, "–", "–", "–", "–"
    values = (best.score_threshold, best.precision, best.recall, best.f_beta)
    return name, *("–" if value is None else f"{value:.3f}" for value in values)


def _thinned(length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return positions to draw: all of few, evenly spread ones of many."""
    return np.unique(np.linspace(0, max(length - 1, 0), min(length, _MOST_POINTS)).astype(np.int64))
