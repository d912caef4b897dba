"""``manifest.json``: what stands in a repository of graphs, and how to tell it is whole."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from boxgauge.export.entry import Entry, Family, Topic
from boxgauge.export.ports import Port
from boxgauge.export.profile import InputRange, profile

FORMAT = 2
FILE = "manifest.json"


@dataclass(frozen=True)
class GraphRecord:
    """One graph of a repository.

    Attributes:
        name: Of the graph and of its folder.
        version: Of its signature and meaning.
        family: What kind of graph it is.
        topic: Of a loss and its gradient: what it is a loss of.
        inputs: What it takes, in order.
        outputs: What it returns, in order.
        gradient: Whether a gradient graph of it exists.
        gradient_graph: That graph's name.
        gradient_of: For a gradient graph, the name of the loss it differentiates.
        per_pair: Whether requests may be concatenated along the first axis.
        opset: Of ONNX.
        sha256: Of the file.
        file: Path of the model, relative to the manifest.
        parity: Largest max|a - b| / max(1, max|b|) against eager PyTorch at export.
        tensorrt: Whether the lint found nothing that TensorRT refuses.
        obstacles: What the lint found, one sentence each.
        profile: If it found nothing, the shapes a TensorRT engine is to be built for.
        reference: Whom the definition comes from.
        sources: sha256 of all that the graph was made from; one for a loss and its gradient.
    """

    name: str
    version: int
    family: Family
    topic: Topic | None
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
    sources: str


@dataclass(frozen=True)
class Manifest:
    """All graphs of a repository, and what they were exported with.

    Attributes:
        producer: Versions of torch, onnx, onnxscript and onnxruntime.
        graphs: In the catalog's order, each gradient graph behind its loss.
        format: Of this file.
    """

    producer: Mapping[str, str]
    graphs: tuple[GraphRecord, ...]
    format: int = FORMAT

    def __iter__(self) -> Iterator[GraphRecord]:
        return iter(self.graphs)

    def __getitem__(self, name: str) -> GraphRecord:
        for record in self.graphs:
            if record.name == name:
                return record
        raise KeyError(name)

    def write(self, folder: Path) -> None:
        """Write ``manifest.json`` into ``folder``."""
        content = {"format": self.format} | asdict(self)
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the repository in ``folder``.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is not a manifest of this format.
    """
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{FILE}: format {FORMAT} is wanted")
    try:
        graphs = tuple(_record(fields) for fields in content["graphs"])
        return Manifest(content["producer"], graphs)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{FILE}: not of format {FORMAT}: {error!r}") from error


def make_record(
    entry: Entry,
    *,
    content: bytes,
    opset: int,
    parity: float,
    obstacles: tuple[str, ...],
    loss: str | None,
    sources: str,
) -> GraphRecord:
    """Return the record of one exported graph; ``loss`` is what a gradient graph is of."""
    return GraphRecord(
        name=entry.name,
        version=entry.version,
        family=entry.family,
        topic=entry.topic,
        inputs=entry.inputs,
        outputs=entry.outputs,
        gradient=entry.gradient_graph is not None,
        gradient_graph=entry.gradient_graph,
        gradient_of=loss,
        per_pair=entry.per_pair,
        opset=opset,
        sha256=sha256(content),
        file=f"{entry.name}/{entry.version}/model.onnx",
        parity=parity,
        tensorrt=not obstacles,
        obstacles=obstacles,
        profile=() if obstacles else profile(entry.inputs),
        reference=entry.reference,
        sources=sources,
    )


def sha256(content: bytes) -> str:
    """Return the hash in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _record(fields: dict[str, Any]) -> GraphRecord:
    ports = {
        side: tuple(Port(p["name"], p["dtype"], tuple(p["shape"])) for p in fields[side])
        for side in ("inputs", "outputs")
    }
    ranges = tuple(
        InputRange(each["name"], *(tuple(each[which]) for which in ("min", "opt", "max")))
        for each in fields["profile"]
    )
    found = {"obstacles": tuple(fields["obstacles"]), "profile": ranges}
    return GraphRecord(**(fields | ports | found))
