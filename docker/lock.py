"""Write the files of `docker/lock`: every distribution of the run-time images, at one version.

    .venv/bin/python docker/lock.py            (with the Python version of the image)

pip resolves what `pyproject.toml` asks for within `constraints.txt`; the images then install
exactly that, without resolving again. Run it after a change of either file; a test says when.
TensorRT comes from NVIDIA's own index, which not everybody reaches: `tensorrt.txt` is by hand.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from requirements import requirements

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "docker" / "lock"
EXTRAS = ("cpu", "gpu")


def resolved(extra: str) -> list[str]:
    """Return ``name==version`` of all that the extra brings, by name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        wanted = requirements(ROOT / "pyproject.toml", [extra])
        pip = (sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed")
        options = ("--quiet", "--report", str(report), "-c", str(ROOT / "constraints.txt"))
        subprocess.run((*pip, *options, *wanted), check=True)  # noqa: S603  our own command
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    pins = {(each["metadata"]["name"], each["metadata"]["version"]) for each in found}
    return [f"{name}=={version}" for name, version in sorted(pins, key=lambda pin: pin[0].lower())]


def main() -> None:
    """Write a file an extra."""
    for extra in EXTRAS:
        lines = ["# Written by docker/lock.py: what the image installs, and nothing else."]
        text = "\n".join([*lines, *resolved(extra)])
        (LOCK / f"{extra}.txt").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
