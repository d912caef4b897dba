import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from boxgauge.cli import failures
from boxgauge.cli.failures import missing_module

from .conftest import Boxgauge

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ":".join(str(ROOT / name) for name in ("proto", "server", "exporters", "clients"))
COMMANDS = ("eval", "export", "serve", "replay", "report", "graphs", "doctor", "monitor")


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": FOLDERS, "PATH": "/usr/bin:/bin", "HOME": "/"},
    )


def test_the_module_is_the_command() -> None:
    ended = python("-m", "boxgauge.cli", "--version")
    assert ended.returncode == 0
    assert ended.stdout.startswith("boxgauge ")


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'onnx', 'onnxruntime', 'grpc', 'numpy.fft', 'pydantic'}"
    script = (
        "import sys; sys.argv = ['boxgauge', '--help']\n"
        "from boxgauge.cli.main import main\n"
        "try: main()\n"
        f"finally: sys.stderr.write(repr(sorted({heavy} & set(sys.modules))))"
    )
    ended = python("-c", script)
    assert ended.returncode == 0
    assert ended.stderr == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(boxgauge: Boxgauge, command: str) -> None:
    ended = boxgauge(command, "--help")
    assert ended.status == 0
    assert "Usage:" in ended.out


def test_a_missing_extra_is_named() -> None:
    script = (
        "import sys; sys.argv = ['boxgauge', 'export']\n"
        "sys.modules['torch'] = None\n"
        "from boxgauge.cli.main import main; main()"
    )
    ended = python("-c", script)
    assert ended.returncode == 2
    assert ended.stderr == (
        "boxgauge: torch is not installed: "
        "pip install -c constraints.txt -e '.[export]' in the source checkout\n"
    )


def test_a_missing_runtime_has_two_cures() -> None:
    message = missing_module(ModuleNotFoundError("no", name="onnxruntime.capi"))
    assert message == (
        "onnxruntime is not installed: pip install -c constraints.txt -e '.[cpu]' "
        "in the source checkout (or [gpu], never both)"
    )


def test_an_installed_wheel_has_no_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(failures, "_CONSTRAINTS", tmp_path / "constraints.txt")
    assert failures.installing("cpu") == "install BoxGauge's wheel with its extra [cpu]"


def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "boxgauge.cli", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env={"PYTHONPATH": FOLDERS, "PATH": "/usr/bin:/bin", "HOME": "/"},
        )
    assert ended.returncode == 2
    wanted = "boxgauge: the output could not be written: No space left on device\n"
    assert ended.stderr == wanted


def test_help_joins_the_lines_of_a_paragraph(
    boxgauge: Boxgauge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "Detections of\n  categories that" in boxgauge("replay", "--help").out
    assert "<bool>" not in boxgauge("replay", "--help").out
    assert "..." not in boxgauge("--help").out.partition("Commands:")[2]


def test_an_unknown_fault_is_one_line(boxgauge: Boxgauge, monkeypatch: pytest.MonkeyPatch) -> None:
    from boxgauge.cli import probes

    def broken() -> dict[str, str]:
        raise RuntimeError("first\nsecond")

    monkeypatch.setattr(probes, "versions", broken)
    ended = boxgauge("doctor")
    assert ended.status == 2
    assert ended.err == "boxgauge: internal fault, please report it: RuntimeError: first second\n"


def test_an_unknown_option_is_refused(boxgauge: Boxgauge) -> None:
    ended = boxgauge("eval", "--nonsense")
    assert ended.status == 2
    assert "Traceback" not in ended.err


def test_a_service_that_is_not_there_is_one_line(boxgauge: Boxgauge) -> None:
    ended = boxgauge("report", "--monitor", "cam", "--target", "127.0.0.1:1")
    assert ended.status == 2
    assert ended.err == (
        "boxgauge: nothing answers at 127.0.0.1:1: is `boxgauge serve` running there?\n"
    )


def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    fifo = tmp_path / "ground_truth.json"
    os.mkfifo(fifo)
    # Whoever runs the tests may ignore the signal, and so would all that it starts.
    python = ("env", "--default-signal=INT", sys.executable)
    command = ("-m", "boxgauge.cli", "monitor", "create", "cam", "--gt", str(fifo))
    # A pipe opens for writing once the command has opened it for reading.
    with (
        subprocess.Popen(
            [*python, *command],
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": FOLDERS, "PATH": "/usr/bin:/bin", "HOME": "/"},
        ) as process,
        fifo.open("wb"),
    ):
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            # Between its open and its read Python only notes a signal, and the read then
            # waits: whoever is at the keyboard presses again.
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == ""


@pytest.mark.parametrize("start", ["import boxgauge.cli.main as m; m.main()", "runpy"])
def test_ctrl_c_while_the_command_is_loading_ends_quietly(start: str) -> None:
    if start == "runpy":
        start = "import runpy; runpy.run_module('boxgauge.cli', run_name='__main__')"
    script = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        f"{start}"
    )
    ended = python("-c", script)
    assert ended.returncode == 130
    assert ended.stderr == ""
