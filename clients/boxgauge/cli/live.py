"""What ``boxgauge watch`` shows: one page that is drawn anew, or a line a change."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from boxgauge.cli.moments import moment_text, window_text
from boxgauge.cli.monitor_report import coverage_line, drift_line, estimate_line, seconds_text
from boxgauge.cli.tables import certified_text, interval_text, number, table
from boxgauge.client import ClassStatistics, MonitorReport, Report

_BARS = "▁▂▃▄▅▆▇█"
_HISTORY = 60
_CLASSES = 3  # of the best and of the worst


@contextmanager
def live_page(console: Console, monitor: str) -> Iterator[Callable[[MonitorReport], None]]:
    """Yield what draws a report over the one before."""
    history: deque[float | None] = deque(maxlen=_HISTORY)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:

        def draw(each: MonitorReport) -> None:
            history.append(each.report.statistics["AP"])
            live.update(page(monitor, each, history), refresh=True)

        yield draw


def page(monitor: str, answer: MonitorReport, history: Sequence[float | None]) -> RenderableType:
    """Return everything about one report, and how AP went since the watch began."""
    report = answer.report
    where = f", slice {report.slice}" if report.slice else ""
    lines = [coverage_line(report), drift_line(report), estimate_line(report)]
    if report.watermark_us:
        age = f", {seconds_text(report.age_s)} old" if report.age_s >= 1 else ""
        lines.append(f"newest image {moment_text(report.watermark_us)}{age}")
    return Group(
        Text(f"monitor {monitor}, model {answer.model}{window_text(report.window)}{where}"),
        _statistics(report),
        Text(f"AP since the watch began: {sparkline(history)}"),
        *_by_class(report),
        *(Text(line) for line in (*lines, *report.notes) if line),
        Text("Ctrl-C ends", style="dim"),
    )


def change_line(answer: MonitorReport) -> str:
    """Return a report as one line."""
    report = answer.report
    ap, sure = report.statistics["AP"], report.intervals.get("AP")
    parts = [f"model {answer.model}", f"AP {number(ap)}"]
    if sure is not None and sure.certified is not None:
        parts.append(f"certified {certified_text(sure.certified)}")
    if sure is not None and sure.confidence is not None:
        parts.append(f"95% {interval_text(sure.confidence)}")
    parts += [
        f"AP50 {number(report.statistics['AP50'])}",
        f"images {report.images}",
        f"coverage {number(report.label_coverage)}",
    ]
    parts += [line for line in (drift_line(report), estimate_line(report)) if line]
    return "; ".join(parts)


def sparkline(values: Sequence[float | None]) -> str:
    """Return a bar a value, from the lowest to the highest of them; a space where undefined."""
    known = [each for each in values if each is not None]
    if not known:
        return "–"
    low, span = min(known), max(known) - min(known)
    bars = "".join(" " if each is None else _bar(each, low, span) for each in values)
    return f"{bars} {number(low)} to {number(max(known))}"


def _bar(value: float, low: float, span: float) -> str:
    if not span:
        return _BARS[len(_BARS) // 2]
    return _BARS[min(int((value - low) / span * len(_BARS)), len(_BARS) - 1)]


def _statistics(report: Report) -> Table:
    made = table("statistic", "value", "certified", "95% interval")
    for name in ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"):
        sure = report.intervals.get(name)
        made.add_row(
            name,
            number(report.statistics[name]),
            certified_text(sure.certified if sure else None),
            interval_text(sure.confidence if sure else None),
        )
    point = report.operating_point
    made.add_row(f"precision at {point.score_threshold:.2f}", number(point.precision), "", "")
    made.add_row(f"recall at {point.score_threshold:.2f}", number(point.recall), "", "")
    return made


def _by_class(report: Report) -> Iterator[Table]:
    """Yield the best and the worst classes; all of them where there are few."""
    ranked = sorted(
        (each for each in report.classes if each.ap is not None),
        key=lambda each: -(each.ap or 0),
    )
    if not ranked:
        return
    few = len(ranked) <= 2 * _CLASSES
    shown = ranked if few else [*ranked[:_CLASSES], *ranked[-_CLASSES:]]
    made = table("class", "AP", "95% interval", "AP50", "objects")
    for k, each in enumerate(shown):
        if not few and k == _CLASSES:
            left_out = len(ranked) - len(shown)
            made.add_row(f"… {left_out} more …", "", "", "", "")
        _add_class(made, each)
    yield made


def _add_class(made: Table, each: ClassStatistics) -> None:
    made.add_row(
        Text(each.name),
        number(each.ap),
        interval_text(each.ap_confidence),
        number(each.ap50),
        str(each.positives),
    )
