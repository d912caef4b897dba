"""The image's recipe: linted, without torch at run time, without root."""

import re
import subprocess
import sys
import tomllib

import pytest

from tests.docker.paths import DOCKER, ROOT
from tests.tools import require_tool

DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")


def stage(name: str) -> str:
    """Return the instructions of the stage ``name``."""
    stages = re.split(r"(?m)^FROM ", DOCKERFILE)
    return next(text for text in stages if re.match(rf"\S+ AS {re.escape(name)}\n", text))


def requirements(*extras: str) -> subprocess.CompletedProcess[str]:
    script = [sys.executable, DOCKER / "requirements.py", ROOT / "pyproject.toml", *extras]
    return subprocess.run(script, capture_output=True, text=True, check=False)


def names(lines: str) -> set[str]:
    return {re.split(r"[\[<>=~!; ]", line)[0] for line in lines.splitlines()}


def test_hadolint_finds_nothing() -> None:
    hadolint = require_tool("hadolint")
    found = subprocess.run(
        [hadolint, DOCKER / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("script", ["engine.sh", "check-image.sh"])
def test_the_scripts_parse_and_can_be_run(script: str) -> None:
    path = DOCKER / script
    subprocess.run(["bash", "-n", path], check=True)
    assert path.stat().st_mode & 0o111


@pytest.mark.parametrize("name", ["install", "install-gpu"])
def test_what_is_installed_for_the_run_time_has_no_torch(name: str) -> None:
    (extras,) = re.findall(r"requirements\.py pyproject\.toml ([a-z ]+?) >", stage(name))
    listed = requirements(*extras.split())
    assert listed.returncode == 0, listed.stderr
    assert "grpcio" in names(listed.stdout)
    assert not names(listed.stdout) & {"torch", "onnx", "onnxscript"}


def test_the_run_stages_take_graphs_and_environment_from_other_stages_only() -> None:
    copied = re.findall(r"(?m)^COPY (.+)$", stage("runtime-base") + stage("runtime"))
    assert copied == [
        "docker/healthcheck.py /opt/boxgauge/healthcheck.py",
        "--from=export /graphs /opt/boxgauge/graphs",
        "--from=install /opt/boxgauge/venv /opt/boxgauge/venv",
    ]


def test_the_image_runs_as_a_numbered_user_with_a_health_check_and_an_init() -> None:
    base = stage("runtime-base")
    user = re.findall(r"(?m)^USER (\d+):(\d+)$", base)
    assert len(user) == 1
    assert "0" not in user[0]
    assert re.search(r"(?m)^STOPSIGNAL SIGTERM$", base)
    assert re.search(r"(?m)^HEALTHCHECK ", base)
    assert re.search(r'(?m)^ENTRYPOINT \["tini", ', base)


def test_the_gpu_image_says_that_no_gpu_has_run_it() -> None:
    assert "not yet run on a GPU" in stage("runtime-gpu")


def test_the_default_target_is_the_cpu_image() -> None:
    assert re.findall(r"(?m)^FROM \S+ AS (\S+)$", DOCKERFILE)[-1] == "runtime"


def test_requirements_are_those_of_the_project_and_an_unknown_extra_is_refused() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["cpu"]
    assert requirements("cpu").stdout.splitlines() == wanted
    assert requirements("no-such-extra").returncode != 0
