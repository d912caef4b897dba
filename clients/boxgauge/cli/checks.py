"""What `doctor` looks at: facts judged in words, each fault with its mending."""

from collections.abc import Iterable, Mapping, Sequence

from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.failures import installing

__all__ = [
    "EXPORT_MODULES",
    "PROVIDERS",
    "RUNTIME_EXTRAS",
    "SERVICE_MODULES",
    "Finding",
    "extra_findings",
    "graph_version_findings",
    "graphs_finding",
    "loading_finding",
    "provider_findings",
    "runtime_findings",
    "wanted_provider_finding",
]

# Distributions that all unpack into one package folder, `onnxruntime`.
RUNTIME_EXTRAS = {"onnxruntime": "cpu", "onnxruntime-gpu": "gpu"}
SERVICE_MODULES = ("grpc_health", "grpc_reflection", "prometheus_client", "pydantic_settings")
EXPORT_MODULES = ("torch", "onnx", "onnxscript")
PROVIDERS = {
    "CPUExecutionProvider": "cpu",
    "CUDAExecutionProvider": "cuda",
    "TensorrtExecutionProvider": "tensorrt",
}


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


def wanted_provider_finding(
    wanted: str, active: Mapping[str, Sequence[str] | str], *, is_required: bool
) -> Finding:
    """Judge the provider that the settings prefer by what is built in and what was obtained.

    Args:
        wanted: ``cpu``, ``cuda`` or ``tensorrt``.
        active: As for `provider_findings`.
        is_required: The service does not start without it.
    """
    requested = next(long for long, short in PROVIDERS.items() if short == wanted)
    got = active.get(requested)
    subject = "provider wanted"
    if got is not None and not isinstance(got, str) and requested in got:
        return Finding(subject, f"{wanted}, which is obtained")
    so = "does not start" if is_required else "runs on the CPU, and slower"
    found = "is not built in" if got is None else "is not obtained"
    words = f"BOXGAUGE_PROVIDERS prefers {wanted}, which {found}: the service {so}"
    if got is None:
        extra = "tensorrt" if wanted == "tensorrt" else "gpu"
        mending = f"pip uninstall -y onnxruntime && {installing(extra)}, or prefer cpu"
    else:
        mending = _provider_mending(requested)
    return Finding(subject, words, mending)


def graph_version_findings(
    opsets: Iterable[int], producers: Mapping[str, str], installed: Mapping[str, str]
) -> list[Finding]:
    """Say with what the graphs were exported, beside what runs them.

    Args:
        opsets: Of the graphs.
        producers: Versions of what exported them and measured their parity, by name.
        installed: Versions of what is installed, by name.
    """
    found = sorted(set(opsets))
    made = ", ".join(f"{name} {version}" for name, version in producers.items())
    words = f"opset {', '.join(map(str, found))}, exported with {made}"
    measured = producers.get("onnxruntime", "")
    runs = installed.get("onnxruntime") or installed.get("onnxruntime-gpu", "")
    if measured and runs and measured.split(".")[:2] != runs.split(".")[:2]:
        words += f"; their parity was measured with ONNX Runtime {measured}, and {runs} runs them"
        mending = "`boxgauge export --force` measures it again, where torch is installed"
        return [Finding("graphs", words, mending, is_note=True)]
    return [Finding("graphs", words)]


def loading_finding(faults: Mapping[str, str], count: int) -> Finding:
    """Judge whether this ONNX Runtime takes the graphs.

    Args:
        faults: Why graphs do not load, by name.
        count: How many there are.
    """
    if not faults:
        return Finding("graphs", f"all {count} load")
    name, why = next(iter(faults.items()))
    words = f"{len(faults)} of {count} do not load, {name} for one: {why}"
    return Finding("graphs", words, f"{installing('cpu')}, or `boxgauge export --force`")


def _provider_mending(requested: str) -> str:
    if requested == "CPUExecutionProvider":
        return f"pip uninstall -y onnxruntime && {installing('cpu')}"
    extra = "tensorrt" if requested.startswith("Tensorrt") else "gpu"
    return (
        f"install the NVIDIA driver and {installing(extra)}, which brings the libraries; "
        "without a GPU use the extra [cpu]"
    )
