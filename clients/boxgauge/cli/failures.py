"""Failures as one line on standard error; a traceback reaches nobody."""

from pathlib import Path
from typing import NoReturn

import typer

BAD_INPUT = 2
_CONSTRAINTS = Path(__file__).resolve().parents[3] / "constraints.txt"

# Top-level modules that an extra brings; whoever lacks one is told which to install.
_EXTRAS = {
    "torch": "export",
    "onnx": "export",
    "onnxscript": "export",
    "jaxtyping": "export",
    "onnxruntime": "cpu",
    "grpc_health": "cpu",
    "grpc_reflection": "cpu",
    "prometheus_client": "cpu",
    "plotly": "report",
    "jinja2": "report",
    "markupsafe": "report",
    "pyarrow": "report",
    "PIL": "report",
    "yaml": "yolo",
    "opentelemetry": "otel",
    "pydantic": "cpu",
    "pydantic_settings": "cpu",
}


def fail(message: object, status: int = BAD_INPUT) -> NoReturn:
    """Print one line and leave with ``status``."""
    typer.echo(f"boxgauge: {one_line(message)}", err=True)
    raise SystemExit(status)


def one_line(message: object) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(str(message).split())


def missing_module(error: ImportError) -> str:
    """Return what to install, in words, for an import that failed."""
    module = (error.name or "").partition(".")[0]
    extra = _EXTRAS.get(module)
    if extra is None:
        return f"{error}: this installation is not whole; see `boxgauge doctor`"
    other = " (or [gpu], never both)" if extra == "cpu" else ""
    return f"{module} is not installed: {installing(extra)}{other}"


def installing(extra: str) -> str:
    """Return how to install an extra: BoxGauge is in no package index."""
    if _CONSTRAINTS.is_file():
        return f"pip install -c {_CONSTRAINTS.name} -e '.[{extra}]' in the source checkout"
    return f"install BoxGauge's wheel with its extra [{extra}]"
