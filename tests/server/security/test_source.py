"""What the service never does, by its source: no pickle, no code, no path of a request."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# What runs where requests are answered.
FOLDERS = (
    "server/boxgauge",
    "clients/boxgauge/frames",
    "clients/boxgauge/client",
    "proto/boxgauge",
)
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib", "code", "runpy"}
# Between the service and the process that it has started itself, over sockets without a name.
PARCELS = Path("server/boxgauge/server/reporting/parcels.py")
ENDS = {PARCELS.with_name("helper.py"), PARCELS.with_name("worker.py")}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "system", "popen"}
# numpy's own pickle.
UNSAFE_ARGUMENTS = {"allow_pickle", "shell"}
# What opens files. Requests are seen in service/ and wire/ alone.
OPENS = {
    "open",
    "Path",
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_text",
    "fromfile",
    "tofile",
    "load",
    "save",
    "memmap",
    "unlink",
    "mkdir",
    "rename",
}


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def modules(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {name for each in found for name in (each, each.partition(".")[0])}


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                yield called.attr, node
            elif isinstance(called, ast.Name):
                yield called.id, node


def faults(path: Path, tree: ast.Module) -> list[str]:
    """Return what a source does that must not be done anywhere."""
    found = [f"{path} imports {name}" for name in modules(tree) & UNSAFE_MODULES]
    for name, call in calls(tree):
        # re.compile is another one.
        is_builtin = isinstance(call.func, ast.Name) or name in ("system", "popen")
        if name in UNSAFE_CALLS and is_builtin:
            found.append(f"{path}:{call.lineno} calls {name}")
        found += [
            f"{path}:{call.lineno} gives {each.arg}"
            for each in call.keywords
            if each.arg in UNSAFE_ARGUMENTS
            and not (isinstance(each.value, ast.Constant) and each.value.value is False)
        ]
    return found


def test_nothing_that_is_sent_can_become_code() -> None:
    looked_at = list(sources(*FOLDERS))
    assert len(looked_at) > 150
    found = [fault for path, tree in looked_at for fault in faults(path, tree)]
    assert found == [f"{PARCELS} imports pickle"]


def test_only_the_two_ends_of_its_own_sockets_unpack_what_was_packed() -> None:
    name = "boxgauge.server.reporting.parcels"
    users = {path for path, tree in sources(*FOLDERS) if name in modules(tree)}
    assert users == ENDS
    for path, tree in sources("server/boxgauge/server/reporting"):
        if path in ENDS:
            imported = {each.partition(".")[0] for each in modules(tree)}
            assert not imported & {"grpc", "google", "http", "asyncio"}, path


def test_what_sees_requests_opens_no_file() -> None:
    looked_at = list(sources("server/boxgauge/server/service", "server/boxgauge/server/wire"))
    assert len(looked_at) > 12
    for path, tree in looked_at:
        assert not modules(tree) & {"pathlib", "os", "io", "tempfile", "shutil", "glob"}, path
        opened = [
            f"{path}:{call.lineno}" for name, call in calls(tree) if name in OPENS - {"replace"}
        ]
        assert not opened


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import numpy as np\nnp.load(x, allow_pickle=True)",
        "eval(x)",
        "import os\nos.system(x)",
        "import subprocess\nsubprocess.run(x, shell=True)",
    ],
)
def test_the_check_finds_what_it_looks_for(source: str) -> None:
    assert faults(Path("made"), ast.parse(source))
