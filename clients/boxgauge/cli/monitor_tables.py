"""Monitors and comparisons as tables to read."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape

from boxgauge.cli.moments import moment_text, window_text
from boxgauge.cli.tables import interval_text, number, table
from boxgauge.client import Comparison, Monitor


def monitor_documents(monitors: Sequence[Monitor]) -> list[dict[str, Any]]:
    """Return what ``boxgauge monitor list --json`` prints."""
    return [asdict(each) for each in monitors]


def print_monitors(console: Console, monitors: Sequence[Monitor]) -> None:
    """Print a table, and below it what frames came to that no report counts."""
    headings = ("monitor", "models", "tally", "windows", "newest image")
    made = table(*headings, "classes", "slices", "labelled", "boxes held", text=len(headings))
    for each in monitors:
        made.add_row(
            escape(each.name),
            escape(", ".join(each.models)),
            each.settings.tally or "exact",
            escape(", ".join(each.settings.windows)),
            moment_text(each.watermark_us),
            str(len(each.classes)),
            str(len(each.slices)),
            str(each.labelled_images),
            str(each.held_boxes),
        )
    console.print(made)
    for each in monitors:
        if each.outcomes:
            counts = ", ".join(f"{count:,} {name}" for name, count in each.outcomes.items())
            console.print(f"{escape(each.name)}: {escape(counts)}")


def print_comparison(console: Console, monitor: str, comparison: Comparison) -> None:
    """Print each statistic of both models, and how sure their difference is."""
    where = f" of {comparison.slice}" if comparison.slice else ""
    title = (
        f"monitor {monitor}: {comparison.challenger} against {comparison.champion} on "
        f"{comparison.images:,} images{where}{window_text(comparison.window)}"
    )
    console.print(escape(title), soft_wrap=True)
    made = table("statistic", "champion", "challenger", "difference", "95% interval", "p-value")
    for name, each in comparison.statistics.items():
        made.add_row(
            name,
            number(each.champion),
            number(each.challenger),
            f"{each.difference:+.4f}",
            interval_text(each.confidence),
            _p_value(each.p_value),
        )
    console.print(made)


def _p_value(found: float | None) -> str:
    # Below that, its digits are rounding and say nothing about the models.
    if found is not None and found < 0.001:
        return "< 0.001"
    return "–" if found is None else f"{found:.3f}"
