"""The story in one picture."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
from alert_story.history import ALERT, FIRING, PENDING, WINDOW, History, Line

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

BLUE, RED, AMBER, GREY, GREEN = "#1f5fa8", "#c62828", "#f0a020", "#555555", "#2e7d32"
_EVENTS = {
    "deployed": ("worse version\ndeployed", RED),
    "labelled": ("late labels\ncome in", GREY),
    "firing": ("alert fires,\nrolled back", RED),
    "resolved": ("alert\nresolved", GREEN),
}


def draw(history: History, events: Mapping[str, float], watched_by: str, file: Path) -> None:
    """Draw AP50 with its interval, label coverage and the alert's state over the events' hours.

    Args:
        history: What was seen.
        events: Minutes of what happened.
        watched_by: Who saw it.
        file: The PNG to write.
    """
    figure, (quality, labels, strips) = plt.subplots(
        3, 1, figsize=(10, 7), sharex=True, height_ratios=[5, 2, 1.2], layout="constrained"
    )
    _quality(quality, history)
    _labels(labels, history)
    _strips(strips, history)
    low, high = quality.get_ylim()
    for name, (words, colour) in _EVENTS.items():
        if name not in events:
            continue
        hour = events[name] / 60
        for axes in (quality, labels, strips):
            axes.axvline(hour, color=colour, linewidth=1, linestyle=":")
        quality.annotate(
            words,
            (hour, high),
            xytext=(4, -4),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color=colour,
        )
    quality.set_ylim(low, high)
    figure.suptitle(
        f"{ALERT}: fires on the end of the interval, once labels are there", fontsize=12
    )
    figure.supxlabel(f"Hours of events; figures and alert from {watched_by}", fontsize=9)
    figure.savefig(file, dpi=130)
    plt.close(figure)


def _quality(axes: Axes, history: History) -> None:
    low = dict(history.low)
    both = [(minute, low[minute], high) for minute, high in history.high if minute in low]
    axes.fill_between(
        [minute / 60 for minute, _, _ in both],
        [each for _, each, _ in both],
        [each for _, _, each in both],
        color=BLUE,
        alpha=0.2,
        linewidth=0,
        label="95% interval",
    )
    axes.plot(*_hours(history.ap50), color=BLUE, linewidth=1.8, label=f"AP50, last {WINDOW}")
    axes.plot(
        *_hours(history.baseline),
        color=GREY,
        linewidth=1.2,
        linestyle="--",
        label="median of the lower end, a day until an hour ago",
    )
    values = [value for line in (history.low, history.high, history.baseline) for _, value in line]
    if values:
        room = max(values) - min(values)
        axes.set_ylim(min(values) - 0.1 * room, max(values) + 0.35 * room)
    axes.set_ylabel("AP50")
    axes.legend(loc="lower left", fontsize=8, frameon=False)
    axes.grid(alpha=0.25)


def _labels(axes: Axes, history: History) -> None:
    axes.plot(*_hours(history.coverage), color=GREEN, linewidth=1.5)
    axes.axhline(0.5, color=GREY, linewidth=1, linestyle="--")
    axes.annotate(
        "below this the alert says nothing",
        (0.01, 0.5),
        xycoords=("axes fraction", "data"),
        xytext=(0, -10),
        textcoords="offset points",
        fontsize=8,
        color=GREY,
    )
    axes.set_ylim(0, 1)
    axes.set_ylabel("labelled share\nof the window")
    axes.grid(alpha=0.25)


def _strips(axes: Axes, history: History) -> None:
    states = history.states
    for colour, wanted in ((AMBER, PENDING), (RED, FIRING)):
        spans = _spans([(minute, state == wanted) for minute, state in states])
        axes.broken_barh(spans, (0, 0.8), color=colour, linewidth=0)
    drifted = [(minute, value > 0) for minute, value in history.drifted]
    axes.broken_barh(_spans(drifted), (1, 0.8), color=BLUE, alpha=0.6, linewidth=0)
    axes.set_yticks([0.4, 1.4], ["alert", "drift, without labels"], fontsize=8)
    axes.set_ylim(-0.1, 2)
    axes.grid(axis="x", alpha=0.25)


def _hours(line: Line) -> tuple[list[float], list[float]]:
    return [minute / 60 for minute, _ in line], [value for _, value in line]


def _spans(seen: list[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Return (start, length) in hours of what was so, each lasting until the next look."""
    return [
        (minute / 60, (after - minute) / 60)
        for (minute, is_so), (after, _) in pairwise(seen)
        if is_so
    ]
