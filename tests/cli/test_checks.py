import pytest

from boxgauge.cli.checks import (
    Finding,
    extra_findings,
    graph_version_findings,
    graphs_finding,
    provider_findings,
    runtime_findings,
    wanted_provider_finding,
)

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def faults(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.mending]


@pytest.mark.parametrize("one", ["onnxruntime", "onnxruntime-gpu"])
def test_one_runtime_is_well(one: str) -> None:
    assert faults(runtime_findings([one])) == []


def test_two_runtimes_are_named_and_both_removed() -> None:
    (fault,) = runtime_findings(["onnxruntime-gpu", "onnxruntime"])
    assert "onnxruntime and onnxruntime-gpu are both installed" in fault.words
    assert fault.mending == (
        "pip uninstall -y onnxruntime onnxruntime-gpu && "
        "pip install -c constraints.txt -e '.[gpu]' in the source checkout"
    )


def test_no_runtime_is_a_fault() -> None:
    (fault,) = runtime_findings([])
    assert "not installed" in fault.words
    assert "'.[cpu]'" in fault.mending


def test_a_provider_that_falls_back_is_told() -> None:
    well, fault = provider_findings({CPU: [CPU], CUDA: [CPU]})
    assert well == Finding("provider cpu", f"asked for {CPU} and got it")
    assert fault.words == f"asked for {CUDA}, got {CPU}"
    assert "driver" in fault.mending


def test_a_session_that_does_not_open_is_told() -> None:
    (fault,) = provider_findings({CUDA: "libcudart.so.13: cannot open"})
    assert fault.words == "no session: libcudart.so.13: cannot open"


def test_torch_is_needed_only_where_there_are_no_graphs() -> None:
    assert faults(extra_findings(["torch"], graphs_found=True)) == []
    (fault,) = faults(extra_findings(["torch"], graphs_found=False))
    assert "'.[export]'" in fault.mending


def test_what_serving_lacks_is_named() -> None:
    (fault,) = faults(extra_findings(["grpc_health"], graphs_found=True))
    assert fault.words == "grpc_health missing: serve cannot run"


def test_broken_graphs_are_exported_again() -> None:
    assert graphs_finding("graphs", 3, "").mending == ""
    fault = graphs_finding("graphs", 0, "giou_loss: its hash is not the manifest's")
    assert fault.words.startswith("graphs: giou_loss")
    assert "boxgauge export --force" in fault.mending


def test_a_folder_that_was_asked_for_is_dropped_where_others_are_sound() -> None:
    fault = graphs_finding("mine", 0, "manifest.json cannot be read", others=True)
    assert fault.words == "mine: manifest.json cannot be read"
    assert fault.mending.startswith("drop --graphs, or unset BOXGAUGE_GRAPHS")


def test_the_wanted_provider_is_held_against_what_was_obtained() -> None:
    def verdict(wanted: str, active: dict[str, list[str] | str], *, required: bool = False) -> str:
        found = wanted_provider_finding(wanted, active, is_required=required)
        return f"{found.verdict}: {found.words}"

    assert verdict("cpu", {CPU: [CPU]}).startswith("ok")
    assert "not built in: the service runs on the CPU" in verdict("cuda", {CPU: [CPU]})
    fell_back = verdict("cuda", {CPU: [CPU], CUDA: [CPU]}, required=True)
    assert "bad: " in fell_back
    assert "not obtained: the service does not start" in fell_back
    assert "not obtained" in verdict("cuda", {CUDA: "no driver"})


def test_graphs_measured_by_another_runtime_are_a_note() -> None:
    made = {"torch": "2.13.0", "onnxruntime": "1.32.0"}
    (found,) = graph_version_findings([20, 20], made, {"onnxruntime": "1.32.1"})
    assert (found.verdict, found.words[:9]) == ("ok", "opset 20,")
    (found,) = graph_version_findings([20, 17], made, {"onnxruntime-gpu": "1.30.0"})
    assert found.verdict == "note"
    assert "measured with ONNX Runtime 1.32.0, and 1.30.0 runs them" in found.words
