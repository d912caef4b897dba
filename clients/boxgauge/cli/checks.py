"""What `doctor` looks at: facts judged in words, each fault with its mending."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from boxgauge.cli.failures import installing

# Distributions that all unpack into one package folder, `onnxruntime`.
RUNTIME_EXTRAS = {"onnxruntime": "cpu", "onnxruntime-gpu": "gpu"}
SERVICE_MODULES = ("grpc_health", "grpc_reflection", "prometheus_client", "pydantic_settings")
EXPORT_MODULES = ("torch", "onnx", "onnxscript")
PROVIDERS = {
    "CPUExecutionProvider": "cpu",
    "CUDAExecutionProvider": "cuda",
    "TensorrtExecutionProvider": "tensorrt",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        subject: What was looked at.
        words: What was found.
        mending: What to do about it, or "" where all is well.
    """

    subject: str
    words: str
    mending: str = ""


def runtime_findings(distributions: Iterable[str]) -> list[Finding]:
    """Judge which ONNX Runtime distributions own the package folder."""
    found = sorted(set(distributions))
    if not found:
        return [
            Finding(
                "ONNX Runtime",
                "not installed: eval, serve and graphs cannot run",
                f"{installing('cpu')} (or [gpu] on a machine with an NVIDIA GPU)",
            )
        ]
    if len(found) > 1:
        wanted = RUNTIME_EXTRAS.get(found[-1], "cpu")
        return [
            Finding(
                "ONNX Runtime",
                f"{' and '.join(found)} are both installed and overwrite each other's files",
                f"pip uninstall -y {' '.join(found)} && {installing(wanted)}",
            )
        ]
    return [Finding("ONNX Runtime", f"from {found[0]} alone")]


def extra_findings(missing: Sequence[str], *, graphs_found: bool) -> list[Finding]:
    """Judge which modules of the extras cannot be imported."""
    findings = []
    service = [name for name in SERVICE_MODULES if name in missing]
    if service:
        findings.append(
            Finding(
                "serving",
                f"{', '.join(service)} missing: serve cannot run",
                f"{installing('cpu')} (or [gpu], never both)",
            )
        )
    else:
        findings.append(Finding("serving", "all its packages are there"))
    export = [name for name in EXPORT_MODULES if name in missing]
    if not export:
        findings.append(Finding("exporting", "all its packages are there"))
    elif graphs_found:
        words = f"{', '.join(export)} missing: not needed, since the graphs are there"
        findings.append(Finding("exporting", words))
    else:
        findings.append(
            Finding(
                "exporting",
                f"{', '.join(export)} missing, and there are no graphs",
                f"{installing('export')} and run `boxgauge export`",
            )
        )
    return findings


def graphs_finding(folder: str, count: int, error: str, *, others: bool = False) -> Finding:
    """Judge the folder of graphs by what opening it said.

    Args:
        folder: The folder that was opened, or "".
        count: Graphs in it.
        error: What is wrong with it, or "".
        others: Without ``--graphs`` and BOXGAUGE_GRAPHS, sound ones would be found.
    """
    if error and folder:
        error = f"{folder}: {error}"
    if others:
        return Finding("graphs", error, "drop --graphs, or unset BOXGAUGE_GRAPHS: others are fine")
    if error:
        return Finding("graphs", error, "run `boxgauge export --force`, or give --graphs FOLDER")
    return Finding("graphs", f"{count} graphs in {folder}, all as their manifest says")


def provider_findings(active: Mapping[str, Sequence[str] | str]) -> list[Finding]:
    """Judge each provider by a session that asked for it.

    Args:
        active: By requested provider, the providers of the session, or why there is none.
    """
    findings = []
    for requested, got in active.items():
        subject = f"provider {PROVIDERS[requested]}"
        if isinstance(got, str):
            findings.append(Finding(subject, f"no session: {got}", _provider_mending(requested)))
        elif requested not in got:
            words = f"asked for {requested}, got {', '.join(got)}"
            findings.append(Finding(subject, words, _provider_mending(requested)))
        else:
            findings.append(Finding(subject, f"asked for {requested} and got it"))
    return findings


def _provider_mending(requested: str) -> str:
    if requested == "CPUExecutionProvider":
        return f"pip uninstall -y onnxruntime && {installing('cpu')}"
    extra = "tensorrt" if requested.startswith("Tensorrt") else "gpu"
    return (
        f"install the NVIDIA driver and {installing(extra)}, which brings the libraries; "
        "without a GPU use the extra [cpu]"
    )
