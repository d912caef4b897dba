"""What an export depends on: its definitions in the sources, and its producers' versions."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import onnxscript
import torch

from boxgauge.export.definitions import Definitions
from boxgauge.export.entry import Entry
from boxgauge.export.fingerprint import fingerprint
from boxgauge.export.runtime import onnxruntime

# What turns an entry into graphs and records; everything that can change a byte is behind it.
_EXPORTER = ("boxgauge.export.worker", "export_entry")

_COMPOSER = ("boxgauge.export.composition", "export_described")

_FOLDERS = (Path(__file__).parent.parent,)


def producer_versions() -> dict[str, str]:
    """Return the versions of everything that has a say in the bytes of a graph."""
    producers = (torch, onnx, onnxscript, onnxruntime)
    return {module.__name__: str(module.__version__) for module in producers}


def source_digests(
    entries: Iterable[Entry],
    producer: Mapping[str, str],
    *,
    folders: Sequence[Path] = _FOLDERS,
) -> dict[str, str]:
    """Return, by name of the entry, the sha256 over all that its graphs depend on.

    That is the entry itself, the producers' versions and every definition behind its kernel,
    its examples and the exporter. Docstrings and comments, other losses and the place of the
    checkout do not count.

    Args:
        entries: Of the catalog.
        producer: What ``producer_versions`` returns.
        folders: Where the package's modules lie.

    Raises:
        ExportError: What an entry depends on cannot be traced.
    """
    definitions = Definitions(folders)
    digests = {}
    for entry in entries:
        words, references = fingerprint(entry)
        behind = definitions.behind({*references, _EXPORTER})
        texts = [f"{each.module}: {each.text}" for each in behind]
        content = json.dumps([sorted(producer.items()), words, texts])
        digests[entry.name] = hashlib.sha256(content.encode()).hexdigest()
    return digests


def composition_digest(description: Mapping[str, Any], producer: Mapping[str, str]) -> str:
    """Return the sha256 over a description and all that its graphs may depend on.

    Every loss counts, not those of the description alone.

    Args:
        description: With every default written out.
        producer: What ``producer_versions`` returns.
    """
    behind = Definitions(_FOLDERS).behind({_COMPOSER, _EXPORTER})
    texts = [f"{each.module}: {each.text}" for each in behind]
    content = json.dumps([sorted(producer.items()), description, texts])
    return hashlib.sha256(content.encode()).hexdigest()
