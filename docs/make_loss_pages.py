"""Write the pages of ``docs/losses`` from the catalog and the docstrings of its kernels.

    python docs/make_loss_pages.py

A test compares the pages with what this writes, so that they cannot go stale.
"""

import inspect
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from loss_docstrings import Description, describe
from make_tables import ports_cell, replaced, table

from boxgauge.export.catalog import catalog
from boxgauge.export.entry import Entry
from boxgauge.export.ports import Port

PAGES = Path(__file__).resolve().parent / "losses"
TOPICS = {
    "boxes": "Boxes",
    "classification": "Classification",
    "masks": "Masks",
    "ranking": "Ranking and precision",
    "total": "Totals",
}


def made() -> dict[Path, str]:
    """Return each page as it should be."""
    losses = [entry for entry in catalog().values() if entry.topic]
    pages = {PAGES / "README.md": replaced(_read("README"), "losses", _index(losses), by=_NAME)}
    for topic in TOPICS:
        text = "\n\n".join(_section(entry) for entry in losses if entry.topic == topic)
        pages[PAGES / f"{topic}.md"] = replaced(_read(topic), "losses", text, by=_NAME)
    return pages


_NAME = "docs/make_loss_pages.py"


def _read(page: str) -> str:
    return (PAGES / f"{page}.md").read_text(encoding="utf-8")


def _index(losses: list[Entry]) -> str:
    rows = [
        (
            f"[`{entry.name}`]({entry.topic}.md#{entry.name})",
            TOPICS[entry.topic or ""],
            describe(entry.kernel).first.removeprefix("Return ").rstrip("."),
            "yes" if entry.tensorrt else "no",
        )
        for entry in losses
    ]
    return table(("loss", "topic", "what it returns", "TensorRT"), rows)


def _section(entry: Entry) -> str:
    words = describe(entry.kernel)
    return "\n\n".join((f"## `{entry.name}`", words.first, *_parts(entry, words)))


def _parts(entry: Entry, words: Description) -> Iterator[str]:
    if words.formula:
        yield words.formula
    figure = PAGES.parent / "images" / "losses" / f"{entry.name}.png"
    if figure.exists():
        yield f"![{entry.name} against offset and scale](../images/losses/{figure.name})"
    for name, title in (("Returns", "Value"), ("Edges", "Edges"), ("When to use", "When to use")):
        if name in words.sections:
            yield f"**{title}.** {words.sections[name]}"
    yield "**Arguments.**\n\n" + "\n".join(_arguments(entry, words))
    graphs = f"`{entry.name}`" + (f", `{entry.gradient_graph}`" if entry.gradient_graph else "")
    takes = "taken by TensorRT's parser" if entry.tensorrt else "not for TensorRT"
    yield f"**Graphs.** {graphs}: {takes}."
    yield table(("inputs", "outputs"), [(_ports(entry.inputs), _ports(entry.outputs))])
    sources = words.references or [entry.reference]
    yield "**Source.**\n\n" + "\n".join(f"- {source}" for source in sources)


def _ports(ports: tuple[Port, ...]) -> str:
    return ports_cell([asdict(port) for port in ports])


def _arguments(entry: Entry, words: Description) -> Iterator[str]:
    for name, parameter in inspect.signature(entry.kernel).parameters.items():
        default = parameter.default
        shown = f" (default `{default}`)" if default is not inspect.Parameter.empty else ""
        yield f"- `{name}`{shown}: {words.arguments[name]}"


def main() -> None:
    """Write the pages."""
    for file, text in made().items():
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{file.relative_to(PAGES.parents[1])} is up to date\n")


if __name__ == "__main__":
    main()
