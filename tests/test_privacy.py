"""Nothing is reported to anybody: ONNX Runtime opens no database of usage events."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "imported",
    [
        "import boxgauge.engine",
        "import boxgauge.export.parity",
        "from boxgauge.cli.probes import missing_modules; missing_modules(['onnxruntime'])",
    ],
)
def test_onnx_runtime_records_no_usage(imported: str, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("XDG_CACHE_HOME", None)
    code = f"{imported}; import onnxruntime; onnxruntime.SessionOptions()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("onnxruntime.db"))
