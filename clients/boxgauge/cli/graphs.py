"""``boxgauge graphs``: what was exported."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from boxgauge.cli.evaluate import AsJson, GraphsFolder

if TYPE_CHECKING:
    from boxgauge.engine import GraphSpec, Port

# Types as narrow as a column wants them.
_SHORT = {
    "float32": "f32",
    "float64": "f64",
    "int64": "i64",
    "int32": "i32",
    "int8": "i8",
    "uint8": "u8",
    "bool": "bool",
}


GraphName = Annotated[
    str | None, typer.Argument(help="Show all about this one.", metavar="GRAPH", show_default=False)
]


def graphs(name: GraphName = None, as_json: AsJson = False, graphs: GraphsFolder = None) -> None:
    """List the exported graphs, or show the inputs and outputs of one.

    Every graph is checked against the manifest's hash and signature first.
    """
    from boxgauge.engine import ModelRepository, find_graphs
    from boxgauge.frames import NotFoundError

    repository = ModelRepository.open(find_graphs(graphs))
    if name is not None and name not in repository.graphs:
        known = ", ".join(repository.graphs)
        raise NotFoundError(
            f"there is no graph {name!r}; there are {known}", field="graph", value=name
        )
    specs = repository.graphs.values() if name is None else [repository.graphs[name]]
    documents = [_document(each) for each in specs]
    if name is not None and not as_json:
        _print_one(documents[0] | {"sha256": repository.graphs[name].sha256})
    elif as_json:
        typer.echo(json.dumps(documents, ensure_ascii=False, allow_nan=False))
    else:
        _print(documents)


def _document(graph: "GraphSpec") -> dict[str, Any]:
    return {
        "name": graph.name,
        "version": graph.version,
        "family": graph.family,
        "topic": graph.topic,
        "inputs": [_port(each) for each in graph.inputs],
        "outputs": [_port(each) for each in graph.outputs],
        "gradient": graph.gradient,
        "gradient_graph": graph.gradient_graph,
        "gradient_of": graph.gradient_of,
        "parity": graph.parity,
        "tensorrt": graph.tensorrt,
        "obstacles": list(graph.obstacles),
        "profile": [asdict(each) for each in graph.profile],
        "per_pair": graph.per_pair,
        "opset": graph.opset,
        "reference": graph.reference,
    }


def _port(port: "Port") -> dict[str, Any]:
    return {"name": port.name, "dtype": port.dtype, "shape": list(port.shape)}


def _print(documents: list[dict[str, Any]]) -> None:
    """Print a row for each graph; a gradient graph is a column of its loss's row."""
    from boxgauge.cli.tables import table
    from boxgauge.cli.terminal import out

    by_name = {each["name"]: each for each in documents}
    made = table("graph", "kind", "parity", "gradient", "opset", "TensorRT", text=2)
    made.padding, made.pad_edge, made.show_edge = (0, 1, 0, 0), False, False
    for column in made.columns:
        column.no_wrap = True
    for each in documents:
        if each["gradient_of"] is None:
            gradient = by_name.get(each["gradient_graph"] or "")
            made.add_row(
                each["name"],
                each["topic"] or each["family"],
                f"{each['parity']:.1e}",
                f"{gradient['parity']:.1e}" if gradient else "–",
                str(each["opset"]),
                _readiness(each["tensorrt"], gradient["tensorrt"] if gradient else None),
            )
    out().print(made)


def _readiness(forward: bool, gradient: bool | None) -> str:
    if gradient is None or gradient == forward:
        return "yes" if forward else "no"
    return "value" if forward else "gradient"


def _print_one(document: dict[str, Any]) -> None:
    facts = {
        "graph": f"{document['name']}, version {document['version']}, {document['family']}",
        "topic": document["topic"],
        "inputs": _lines(map(_in_words, document["inputs"])),
        "outputs": _lines(map(_in_words, document["outputs"])),
        "gradient": document["gradient_graph"] or "none",
        "gradient of": document["gradient_of"],
        "rows": "each on its own" if document["per_pair"] else "depend on each other",
        "parity": f"{document['parity']:.1e} from PyTorch, of max(1, largest value)",
        "TensorRT": "yes" if document["tensorrt"] else _lines(["no:", *document["obstacles"]]),
        "sizes": _lines(map(_range, document["profile"])) or None,
        "opset": document["opset"],
        "sha256": document["sha256"],
        "reference": document["reference"],
    }
    for name, fact in facts.items():
        if fact is not None:
            typer.echo(f"{name:<13}{fact}")


def _lines(texts: Iterable[str]) -> str:
    return f"\n{'':<13}".join(texts)


def _range(shapes: dict[str, Any]) -> str:
    least, best, most = (
        f"[{','.join(map(str, shapes[which]))}]" for which in ("min", "opt", "max")
    )
    return f"{shapes['name']} {least} to {most}, best {best}"


def _in_words(port: dict[str, Any]) -> str:
    return f"{port['name']} {_SHORT[port['dtype']]}[{','.join(map(str, port['shape']))}]"
