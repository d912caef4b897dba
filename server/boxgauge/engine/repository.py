"""The model repository: its manifest, read once and held against the files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from boxgauge.frames import GraphError

MANIFEST = "manifest.json"
_FORMAT = 2
_TEXTS = ("name", "family", "sha256", "file", "reference")


@dataclass(frozen=True, slots=True)
class Port:
    """A named tensor of a graph; a string in its shape is a size that inputs may choose."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class InputRange:
    """The shapes of one input that a TensorRT engine is to be built for."""

    name: str
    min: tuple[int, ...]
    opt: tuple[int, ...]
    max: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """What the manifest says of one graph.

    Attributes:
        gradient: A gradient graph of it exists, named in ``gradient_graph``.
        gradient_of: Where this is a gradient graph, the loss it belongs to.
        per_pair: Row i of the outputs depends on row i of the inputs alone.
        topic: Of a loss and its gradient: what it is a loss of.
        parity: max|a - b| / max(1, max|b|) against PyTorch, measured at export.
        tensorrt: Every node and type is one that TensorRT's ONNX parser takes.
        obstacles: What it does not take, one sentence each.
        profile: If it takes all, shapes for an engine, of each input with a free size.
    """

    name: str
    version: int
    family: str
    topic: str | None
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
    obstacles: tuple[str, ...]
    profile: tuple[InputRange, ...]
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
    shown = str(path) if path else "graphs"
    raise GraphError(
        f"no exported graphs in folder {shown!r}: run `boxgauge export` first",
        field="graphs",
        value=shown,
    )


def _read_manifest(path: Path) -> list[GraphSpec]:
    try:
        manifest = orjson.loads((path / MANIFEST).read_bytes())
    except OSError as error:
        raise GraphError(f"{MANIFEST} cannot be read: {error.strerror}", field=MANIFEST) from error
    except orjson.JSONDecodeError as error:
        raise GraphError(f"{MANIFEST} is not JSON: {error}", field=MANIFEST) from error
    found = _value(manifest, "format", MANIFEST)
    if found != _FORMAT:
        raise GraphError(
            f"{MANIFEST}: format must be {_FORMAT}: got {found}", field="format", value=found
        )
    specs = [
        _spec(entry, f"{MANIFEST}, graph {number}")
        for number, entry in enumerate(_values(manifest, "graphs", MANIFEST), start=1)
    ]
    names = [spec.name for spec in specs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise GraphError(f"{MANIFEST} lists graph {twice[0]} twice", field="name", value=twice[0])
    return specs


def _spec(entry: object, of: str) -> GraphSpec:
    fields = {name: _value(entry, name, of) for name in GraphSpec.__slots__}
    for name in _TEXTS:
        if not isinstance(fields[name], str) or "\0" in fields[name]:
            raise GraphError(f"{of}: {name} must be a text: got {fields[name]!r}", field=name)
    for side in ("inputs", "outputs"):
        where = f"{of}, {side}"
        fields[side] = tuple(
            Port(
                _value(port, "name", where),
                _value(port, "dtype", where),
                tuple(_values(port, "shape", where)),
            )
            for port in _values(entry, side, of)
        )
    fields["obstacles"] = tuple(_values(entry, "obstacles", of))
    where = f"{of}, profile"
    fields["profile"] = tuple(
        InputRange(
            _value(each, "name", where),
            *(tuple(_values(each, which, where)) for which in ("min", "opt", "max")),
        )
        for each in _values(entry, "profile", of)
    )
    return GraphSpec(**fields)


def _value(entry: object, key: str, of: str) -> Any:  # noqa: ANN401 (whatever JSON holds)
    if not isinstance(entry, dict):
        raise GraphError(f"{of} must be an object", field=of)
    if key not in entry:
        raise GraphError(f"{of}: {key} is missing", field=key)
    return entry[key]


def _values(entry: object, key: str, of: str) -> list[Any]:
    found = _value(entry, key, of)
    if not isinstance(found, list):
        raise GraphError(f"{of}: {key} must be a list", field=key)
    return found


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
