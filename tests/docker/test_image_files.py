"""The image's recipe: linted, without torch at run time, without root."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.docker.credentials import FOLDERS
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


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(extra: str) -> list[Requirement]:
    """Return the pins of a lock, by canonical names."""
    text = (DOCKER / "lock" / f"{extra}.txt").read_text(encoding="utf-8")
    pins = [Requirement(line) for line in text.splitlines() if not line.startswith("#")]
    for pin in pins:
        pin.name = canonical(pin.name)
    return pins


def test_hadolint_finds_nothing() -> None:
    hadolint = require_tool("hadolint")
    found = subprocess.run(
        [hadolint, DOCKER / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("script", ["engine.sh", "check-image.sh", "credentials.sh"])
def test_the_scripts_parse_and_can_be_run(script: str) -> None:
    path = DOCKER / script
    subprocess.run(["bash", "-n", path], check=True)
    assert path.stat().st_mode & 0o111


@pytest.mark.parametrize("script", ["hold_streams", "lose_nothing", "roundtrip"])
def test_what_the_check_runs_finds_what_it_imports(script: str) -> None:
    loaded = [sys.executable, "-c", "import runpy, sys; runpy.run_path(sys.argv[1])"]
    env = os.environ | {"PYTHONPATH": FOLDERS}
    subprocess.run([*loaded, DOCKER / f"{script}.py"], env=env, check=True)


@pytest.mark.parametrize(("name", "locks"), [("install", "cpu"), ("install-gpu", "gpu tensorrt")])
def test_the_run_time_installs_what_is_locked_and_checks_that_it_is_enough(
    name: str, locks: str
) -> None:
    told = stage(name)
    default = re.findall(r'ARG GPU_LOCKS="(.+)"', told)
    assert (default or re.findall(r"-r lock/(\w+)\.txt", told)) == [locks]
    assert told.count("--no-deps") == 2
    assert "python check" in told


@pytest.mark.parametrize("extra", ["cpu", "gpu"])
def test_a_lock_is_what_the_project_asks_for_at_one_version(extra: str) -> None:
    pinned = {pin.name: pin.specifier for pin in locked(extra)}
    assert all(re.fullmatch(r"==[^*,]+", str(each)) for each in pinned.values())
    wanted = [Requirement(line) for line in requirements(extra).stdout.splitlines()]
    assert {"grpcio", "prometheus-client"} <= {canonical(each.name) for each in wanted}
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    # The GPU's ONNX Runtime is another distribution, with releases of its own.
    held = [Requirement(line) for line in constraints if line and not line.startswith("#")]
    for asked in (*wanted, *(each for each in held if canonical(each.name) in pinned)):
        (version,) = pinned[canonical(asked.name)]
        assert asked.specifier.contains(version.version), f"{asked}: run `make lock`"
    assert not pinned.keys() & {"torch", "onnx", "onnxscript"}


def test_both_images_have_the_same_versions_of_what_both_have() -> None:
    cpu, gpu = ({pin.name: str(pin) for pin in locked(extra)} for extra in ("cpu", "gpu"))
    assert set(cpu) - set(gpu) == {"onnxruntime"}
    assert {name: pin for name, pin in cpu.items() if gpu.get(name, pin) != pin} == {}


def test_tensorrt_is_of_the_series_that_onnx_runtime_links_against() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = [
        Requirement(line)
        for line in project["optional-dependencies"]["tensorrt"]
        if not line.startswith("boxgauge")
    ]
    ((pin, (version,)),) = [(each, each.specifier) for each in locked("tensorrt")]
    assert pin.name == wanted.name
    assert wanted.specifier.contains(version.version)


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


def test_the_gpu_image_keeps_engines_and_finds_its_libraries() -> None:
    told = stage("runtime-gpu")
    (cache,) = re.findall(r"BOXGAUGE_ENGINE_CACHE=(\S+)", told)
    assert f'VOLUME ["{cache}"]' in told
    assert cache in stage("runtime-base")
    (libraries,) = re.findall(r"LD_LIBRARY_PATH=(\S+)", told)
    assert f"mkdir {libraries}" in stage("install-gpu")


def test_what_is_written_lies_in_volumes_of_the_service_s_user() -> None:
    base = stage("runtime-base")
    assert re.search(r"--owner 10001 --group 10001 --mode 0700", base)
    assert re.findall(r"(?m)^USER (\d+)", base) == ["10001"]


def test_the_gpu_image_says_that_no_gpu_has_run_it() -> None:
    assert "not yet run on a GPU" in stage("runtime-gpu")


def test_the_default_target_is_the_cpu_image() -> None:
    assert re.findall(r"(?m)^FROM \S+ AS (\S+)$", DOCKERFILE)[-1] == "runtime"


def test_requirements_are_those_of_the_project_and_an_unknown_extra_is_refused() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["cpu"]
    assert requirements("cpu").stdout.splitlines() == wanted
    assert requirements("no-such-extra").returncode != 0
