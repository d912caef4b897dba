"""What keeps the repository whole and independent of the machine it was built on."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PORTIONS = ("proto", "server", "exporters", "clients")
HOME = re.compile(rb"/(?:home|Users)/[a-z]\w+/|[A-Z]:\\\\Users\\\\")


def tracked() -> list[Path]:
    """Return the files that git has."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("portion", PORTIONS)
def test_no_portion_hides_the_others(portion: str) -> None:
    folder = ROOT / portion / "boxgauge"
    assert folder.is_dir()
    assert not (folder / "__init__.py").exists(), "it would shadow the other three portions"


@pytest.mark.parametrize("package", ["frames", "formats", "engine", "losses", "metrics"])
def test_arithmetic_never_imports_the_contract_s_code(package: str) -> None:
    (folder,) = (
        ROOT / portion / "boxgauge" / package
        for portion in PORTIONS
        if (ROOT / portion / "boxgauge" / package).is_dir()
    )
    imported = {
        name
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _names(node)
    }
    assert imported
    forbidden = ("boxgauge.v1", "boxgauge.oip", "grpc", "google.protobuf")
    assert not [name for name in imported if name.startswith(forbidden)]


def test_no_file_names_a_folder_of_the_machine_it_was_made_on() -> None:
    # A checkout such as /app is no machine's own, and containers have it too.
    here = str(ROOT).encode() if len(ROOT.parts) > 2 else None
    found = [
        path.relative_to(ROOT)
        for path in tracked()
        if HOME.search(content := path.read_bytes()) or (here and here in content)
    ]
    assert not found


def test_only_small_files_are_committed() -> None:
    assert not [path.name for path in tracked() if path.stat().st_size > 4 * 2**20]


def test_the_node_client_s_lock_names_no_registry() -> None:
    lock = (ROOT / "tests" / "integration" / "node" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 10


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []
