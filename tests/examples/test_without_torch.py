"""A box regression learns from a gradient graph in a process that never imports torch."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "without_torch" / "regress.py"
# Runs the script as its user does, then looks at what it imported.
PROGRAM = f"""
import runpy, sys
sys.argv[0] = {str(SCRIPT)!r}
runpy.run_path(sys.argv[0], run_name="__main__")
print("imported", sorted({{"torch", "onnx", "boxgauge"}} & sys.modules.keys()))
"""


@pytest.mark.parametrize("loss", ["giou_loss", "ciou_loss"])
def test_overlap_rises_without_torch(loss: str, graphs_dir: Path) -> None:
    command = (sys.executable, "-W", "error", "-c", PROGRAM)
    options = ("--graphs", str(graphs_dir), "--loss", loss, "--steps", "300")
    done = subprocess.run(
        (*command, *options), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    overlaps = [float(each) for each in re.findall(r"mean IoU ([\d.]+)", done.stdout)]
    assert len(overlaps) == 5
    assert overlaps[0] < 0.4
    assert overlaps[-1] > 0.7
    assert "imported []" in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--loss", "no_loss"), "there is no .*no_loss_gradient.*: export the graphs"),
        (("--loss", "focal_loss"), "must take pred and target: focal_loss takes logits, target"),
        (("--steps", "3"), "--steps must be at least 4: got 3"),
    ],
)
def test_bad_options_are_told_in_a_line(
    options: tuple[str, ...], message: str, graphs_dir: Path
) -> None:
    done = subprocess.run(
        (sys.executable, str(SCRIPT), "--graphs", str(graphs_dir), *options),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stderr
