"""The facts of this installation that `doctor` judges."""

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

import orjson
import typer.main

from boxgauge.cli.checks import PROVIDERS
from boxgauge.cli.failures import one_line
from boxgauge.frames import BoxGaugeError

_VERSIONS = ("boxgauge", "numpy", "onnxruntime", "onnxruntime-gpu", "grpcio", "protobuf", "torch")


def versions() -> dict[str, str]:
    """Return the versions of what is installed, of what matters here."""
    found = {}
    for name in _VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def runtime_distributions() -> list[str]:
    """Return the distributions that own the package folder ``onnxruntime``."""
    return list(packages_distributions().get("onnxruntime", ()))


def missing_modules(names: Iterable[str]) -> list[str]:
    """Return those of the modules that cannot be imported."""
    # `doctor` looks at ONNX Runtime before the engine, which would switch this off, is there.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    missing = []
    for name in names:
        try:
            import_module(name)
        except (ImportError, OSError):  # OSError: a shared library that does not load
            missing.append(name)
    return missing


def open_graphs(folder: Path | None) -> tuple[str, dict[str, Path], str]:
    """Return the folder, the files by graph name, and what is wrong, if anything."""
    from boxgauge.engine import ModelRepository, find_graphs

    shown = "" if folder is None else str(folder)
    try:
        found = find_graphs(folder)
        shown = str(found)
        repository = ModelRepository.open(found)
    except BoxGaugeError as error:
        return shown, {}, one_line(error)
    return shown, {name: found / graph.file for name, graph in repository.graphs.items()}, ""


def sessions(graphs: Iterable[Path]) -> dict[str, Sequence[str] | str]:
    """Return, by each provider that is built in, what a session that asks for it gets.

    The smallest graph is opened: ONNX Runtime falls back to the CPU without an error,
    so that only the session itself tells the truth.
    """
    import onnxruntime

    smallest = min(graphs, key=lambda path: path.stat().st_size)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # the findings say it in words
    active: dict[str, Sequence[str] | str] = {}
    for provider in onnxruntime.get_available_providers():
        if provider not in PROVIDERS:
            continue
        try:
            session = onnxruntime.InferenceSession(smallest, options, providers=[provider])
        except Exception as error:  # noqa: BLE001  # whatever a foreign library throws
            active[provider] = one_line(error)
        else:
            active[provider] = list(session.get_providers())
    return active


def producers(folder: str) -> tuple[list[int], dict[str, str]]:
    """Return the opsets of the graphs in a sound folder, and what they were exported with."""
    manifest = orjson.loads((Path(folder) / "manifest.json").read_bytes())
    return [each["opset"] for each in manifest["graphs"]], dict(manifest["producer"])


def load_faults(graphs: Mapping[str, Path]) -> dict[str, str]:
    """Return why graphs do not load, by name; each is loaded once, on the CPU.

    An opset that is newer than this ONNX Runtime knows is found here, and a damaged wheel.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # the findings say it in words
    options.intra_op_num_threads = 1
    faults = {}
    for name, file in graphs.items():
        try:
            onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001  # whatever a foreign library throws
            faults[name] = one_line(error)
    return faults


def option_variables() -> set[str]:
    """Return the environment variables that options of the command are read from."""
    from boxgauge.cli.app import app

    found: set[str] = set()
    waiting: list[Any] = [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        for option in command.params:
            given = option.envvar or ()
            found |= {given} if isinstance(given, str) else set(given)
    return found
