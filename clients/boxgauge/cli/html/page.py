"""The page: what stands where; figures come ready, texts are escaped by the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from boxgauge.cli.html.drawings import Drawing

# Nothing is fetched, whatever a class or an image is called: the browser itself forbids it.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

# Dragging zooms and a double click zooms out: the buttons would cover the legend.
_CONFIG = {"displayModeBar": False, "responsive": True}


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure to see at a glance."""

    name: str
    value: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under headings; the first column is words, the others are numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """One question and its answer in pictures.

    Attributes:
        anchor: Its name in links.
        title: The question, in a few words.
        lead: How to read the pictures.
        figures: Plots.
        drawings: Images with their boxes.
        table: The same in numbers, folded away.
    """

    anchor: str
    title: str
    lead: str
    figures: Sequence[go.Figure] = ()
    drawings: Sequence[Drawing] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """All of a report."""

    title: str
    subtitle: str
    tiles: Sequence[Tile]
    sections: Sequence[Section]
    notes: Sequence[str] = ()
    footer: str = ""


def write_page(path: Path, page: Page) -> None:
    """Write the page as one self-contained file.

    Raises:
        OSError: The file cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("boxgauge.cli.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.j2")
    path.write_text(
        template.render(
            page=page,
            policy=POLICY,
            plotly=Markup(get_plotlyjs()),  # noqa: S704 (the library's own script)
            plot=_plot,
        ),
        encoding="utf-8",
    )


def _plot(figure: go.Figure) -> Markup:
    """Return a figure as HTML; plotly escapes what it shows."""
    html = figure.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG)
    return Markup(html)  # noqa: S704
