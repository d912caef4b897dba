"""The model repository: its manifest, read once and held against the files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from boxgauge.frames import GraphError

MANIFEST = "manifest.json"
_FORMAT = 1
_TEXTS = ("name", "family", "sha256", "file", "reference")


@dataclass(frozen=True, slots=True)
class Port:
    """A named tensor of a graph; a string in its shape is a size that inputs may choose."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """What the manifest says of one graph.

    Attributes:
        gradient: A gradient graph of it exists, named in ``gradient_graph``.
        gradient_of: Where this is a gradient graph, the loss it belongs to.
        per_pair: Row i of the outputs depends on row i of the inputs alone.
        parity: max|a - b| / max(1, max|b|) against PyTorch, measured at export.
        tensorrt: Every node and type is one that TensorRT's ONNX parser takes.
    """

    name: str
    version: int
    family: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    gradient: bool
    gradient_graph: str | None
    gradient_of: str | None
    per_pair: bool
    opset: int
    sha256: str
    file: str
    parity: float
    tensorrt: bool
    reference: str


@dataclass(frozen=True, slots=True)
class ModelRepository:
    """A folder of graphs whose files are what its manifest says."""

    path: Path
    graphs: Mapping[str, GraphSpec]

    @classmethod
    def open(cls, path: Path) -> "ModelRepository":
        """Return the repository in this folder, every file's sha256 verified.

        Raises:
            GraphError: The manifest or a graph is missing, corrupt or foreign; says which.
        """
        graphs = {spec.name: spec for spec in _read_manifest(path)}
        for spec in graphs.values():
            _verify(path, spec)
        return cls(path, graphs)

    def model(self, spec: GraphSpec) -> bytes:
        """Return the graph's bytes, verified again since the file may have changed."""
        return _verify(self.path, spec)


def find_graphs(path: Path | None = None) -> Path:
    """Return the folder of graphs: the given one, else the installed one, else ``./graphs``.

    Raises:
        GraphError: There is no manifest in it, or in any of them.
    """
    candidates = [path] if path else [Path(__file__).parent / "graphs", Path("graphs")]
    for each in candidates:
        if (each / MANIFEST).is_file():
            return each
    shown = path.name if path else "graphs"
    raise GraphError(
        f"no exported graphs in folder {shown!r}: run `boxgauge export` first",
        field="graphs",
        value=shown,
    )


def _read_manifest(path: Path) -> list[GraphSpec]:
    file = path / MANIFEST
    try:
        manifest = orjson.loads(file.read_bytes())
        if manifest["format"] != _FORMAT:
            raise GraphError(
                f"{MANIFEST}: format must be {_FORMAT}: got {manifest['format']}",
                field="format",
                value=manifest["format"],
            )
        specs = [_spec(entry) for entry in manifest["graphs"]]
    except OSError as error:
        raise GraphError(f"{MANIFEST} cannot be read: {error.strerror}", field=MANIFEST) from error
    except (ValueError, KeyError, TypeError) as error:
        raise GraphError(f"{MANIFEST} is not a manifest of graphs: {error!r}") from error
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise GraphError(f"{MANIFEST} lists graph {twice[0]} twice", field="name", value=twice[0])
    return specs


def _spec(entry: Mapping[str, Any]) -> GraphSpec:
    fields: dict[str, Any] = {name: entry[name] for name in GraphSpec.__slots__}
    for name in _TEXTS:
        if not isinstance(fields[name], str) or "\0" in fields[name]:
            raise TypeError(f"{name} must be a text: got {fields[name]!r}")
    for side in ("inputs", "outputs"):
        fields[side] = tuple(
            Port(port["name"], port["dtype"], tuple(port["shape"])) for port in entry[side]
        )
    return GraphSpec(**fields)


def _verify(path: Path, spec: GraphSpec) -> bytes:
    file = (path / spec.file).resolve()
    if not file.is_relative_to(path.resolve()):
        raise GraphError(f"graph {spec.name}: file {spec.file!r} lies outside the repository")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise GraphError(
            f"graph {spec.name}: {spec.file} cannot be read: {error.strerror}",
            field=spec.name,
            value=spec.file,
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != spec.sha256:
        raise GraphError(
            f"graph {spec.name}: sha256 of {spec.file} must be the manifest's"
            f" {spec.sha256[:12]}…: got {digest[:12]}…",
            field=spec.name,
            value=digest,
        )
    return content
