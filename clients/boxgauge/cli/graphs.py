"""``boxgauge graphs``: what was exported."""

import json
from typing import TYPE_CHECKING, Any

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


def graphs(as_json: AsJson = False, graphs: GraphsFolder = None) -> None:
    """List the exported graphs: inputs, outputs, gradient, parity with PyTorch, TensorRT.

    Every graph is checked against the manifest's hash and signature first.
    """
    from boxgauge.engine import ModelRepository, find_graphs

    repository = ModelRepository.open(find_graphs(graphs))
    documents = [_document(each) for each in repository.graphs.values()]
    if as_json:
        typer.echo(json.dumps(documents, ensure_ascii=False, allow_nan=False))
    else:
        _print(documents)


def _document(graph: "GraphSpec") -> dict[str, Any]:
    return {
        "name": graph.name,
        "version": graph.version,
        "family": graph.family,
        "inputs": [_port(each) for each in graph.inputs],
        "outputs": [_port(each) for each in graph.outputs],
        "gradient": graph.gradient,
        "gradient_graph": graph.gradient_graph,
        "gradient_of": graph.gradient_of,
        "parity": graph.parity,
        "tensorrt": graph.tensorrt,
        "per_pair": graph.per_pair,
        "opset": graph.opset,
        "reference": graph.reference,
    }


def _port(port: "Port") -> dict[str, Any]:
    return {"name": port.name, "dtype": port.dtype, "shape": list(port.shape)}


def _print(documents: list[dict[str, Any]]) -> None:
    from rich.markup import escape

    from boxgauge.cli.tables import table
    from boxgauge.cli.terminal import out

    headings = ("graph", "family", "inputs", "outputs", "gradient", "TensorRT", "parity", "version")
    made = table(*headings, text=6)
    for column in made.columns:
        column.overflow = "fold"
    for each in documents:
        made.add_row(
            each["name"],
            each["family"],
            escape("\n".join(_in_words(port) for port in each["inputs"])),
            escape("\n".join(_in_words(port) for port in each["outputs"])),
            "yes" if each["gradient"] else "no",
            "yes" if each["tensorrt"] else "no",
            f"{each['parity']:.1e}",
            str(each["version"]),
        )
    out().print(made)


def _in_words(port: dict[str, Any]) -> str:
    return f"{port['name']} {_SHORT[port['dtype']]}[{','.join(map(str, port['shape']))}]"
