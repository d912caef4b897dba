"""``boxgauge backup``: where its file cannot be written, it says so, and leaves nothing behind."""

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from signal import SIGTERM

import pytest

from tests.served import Server
from tests.server.journal.moments import FULL, full_disk

from .conftest import Boxgauge


@pytest.fixture(scope="module")
def kept(graphs_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a service that keeps a journal."""
    journal = tmp_path_factory.mktemp("kept") / "journal.db"
    server = Server(graphs_dir, BOXGAUGE_JOURNAL=str(journal))
    yield server.address
    assert server.end(SIGTERM) == 0


def test_what_it_says_is_what_it_has_written(boxgauge: Boxgauge, kept: str, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    ended = boxgauge("backup", "--to", path, "--target", kept, "--json")
    assert ended.status == 0, ended.err
    told, raw = json.loads(ended.out), path.read_bytes()
    assert (told["file"], told["bytes"]) == (str(path), len(raw))
    assert told["blake2b"] == blake2b(raw, digest_size=32).hexdigest()
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(boxgauge: Boxgauge, kept: str, tmp_path: Path) -> None:
    path = tmp_path / "no such folder" / "copy.db"
    ended = boxgauge("backup", "--to", path, "--target", kept)
    assert ended.status == 2
    wanted = "--to must be a file that can be written"
    assert ended.err == f"boxgauge: {wanted}: got {path} (no such file or directory)\n"


@FULL
def test_a_target_without_room_is_named_and_keeps_nothing(
    boxgauge: Boxgauge, kept: str, tmp_path: Path
) -> None:
    path = tmp_path / "copy.db"
    with full_disk():
        ended = boxgauge("backup", "--to", path, "--target", kept)
    assert ended.status == 2
    assert f"got {path} (file too large)" in ended.err
    assert list(tmp_path.iterdir()) == []
    assert boxgauge("backup", "--to", path, "--target", kept).status == 0, "and once there is room"
