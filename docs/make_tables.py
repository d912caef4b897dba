"""Write the tables of the docs that restate code: graphs, settings and exported series.

    python docs/make_tables.py

Needs the exported graphs in ``graphs/``. A test compares the docs with what this writes.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from boxgauge.server.series import QUALITY, SERVICE, Series
from boxgauge.server.settings import PREFIX, Settings

DOCS = Path(__file__).resolve().parent


def graph_tables(manifest: Mapping[str, Any]) -> str:
    """Return one table a family of graphs, in the manifest's order.

    Hashes and parity are left out: they belong to one export, on one machine.
    """
    graphs = manifest["graphs"]
    tables = []
    for family in dict.fromkeys(each["family"] for each in graphs):
        rows = [_graph_row(each) for each in graphs if each["family"] == family]
        head = ("graph", "inputs", "outputs", "per pair", "gradient", "TensorRT")
        tables.append(f"### Family `{family}`\n\n{table(head, rows)}")
    return "\n\n".join(tables)


def settings_table() -> str:
    """Return the settings with the words of their docstring."""
    words = _attributes(Settings.__doc__ or "")
    rows = [
        (f"`{PREFIX}{name.upper()}`", _default(field), words[name])
        for name, field in Settings.model_fields.items()
    ]
    return table(("variable", "default", "meaning"), rows)


def series_table(series: Sequence[Series]) -> str:
    """Return the exported series."""
    rows = [
        (
            f"`{each.name}`",
            each.kind,
            ", ".join(f"`{label}`" for label in each.labels) or "none",
            each.unit,
            each.meaning,
        )
        for each in series
    ]
    return table(("name", "type", "labels", "unit", "meaning"), rows)


def replaced(text: str, name: str, content: str, *, by: str = "docs/make_tables.py") -> str:
    """Return the text with a new table between the two comments that name it and its script.

    Raises:
        ValueError: The comments are not there.
    """
    begin, end = f"<!-- {name}: {by} -->", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{begin} and {end} are wanted")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def made(graphs: Path) -> dict[Path, str]:
    """Return each document that has a table, as it should be."""
    manifest = json.loads((graphs / "manifest.json").read_text(encoding="utf-8"))
    tables = (
        ("graphs.md", "graphs", graph_tables(manifest)),
        ("serving.md", "settings", settings_table()),
        ("metrics.md", "quality", series_table(QUALITY)),
        ("metrics.md", "service", series_table(SERVICE)),
    )
    texts: dict[Path, str] = {}
    for document, name, content in tables:
        file = DOCS / document
        text = texts.get(file) or file.read_text(encoding="utf-8")
        texts[file] = replaced(text, name, content)
    return texts


def _graph_row(graph: Mapping[str, Any]) -> tuple[str, ...]:
    name = f"`{graph['name']}`" + (f" {graph['version']}" if graph["version"] != 1 else "")
    return (
        name,
        ports_cell(graph["inputs"]),
        ports_cell(graph["outputs"]),
        "yes" if graph["per_pair"] else "no",
        "yes" if graph["gradient"] else "no",
        "yes" if graph["tensorrt"] else "no",
    )


def ports_cell(ports: Sequence[Mapping[str, Any]]) -> str:
    """Return the tensors of a graph, one a line, for a cell of a table."""
    return "<br>".join(
        f"`{port['name']}` {port['dtype']} [{', '.join(map(str, port['shape']))}]" for port in ports
    )


def _attributes(docstring: str) -> dict[str, str]:
    """Return the words of a Google docstring's ``Attributes`` by name."""
    _, _, section = docstring.partition("Attributes:\n")
    lines = re.sub(r"\n {12,}", " ", section)
    return dict(re.findall(r"^ {8}(\w+): (.+)$", lines.replace("``", "`"), re.M))


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value is PydanticUndefined:
        return "none"
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Write the tables into their documents."""
    for file, text in made(DOCS.parent / "graphs").items():
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{file.relative_to(DOCS.parent)} is up to date\n")


if __name__ == "__main__":
    main()
