"""``boxgauge token`` shows a token once and keeps its hash; commands use it."""

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from boxgauge.cli.app import app
from boxgauge.frames import InvalidInputError
from boxgauge.server.security.scopes import Scope
from boxgauge.server.security.token_file import parse_tokens
from boxgauge.server.security.tokens import Tokens

RUN = CliRunner()


def created(file: Path, *arguments: str) -> str:
    done = RUN.invoke(app, ["token", "create", "--file", str(file), *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_a_token_is_printed_once_and_has_its_rights(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    token = created(file, "--scope", "ingest", "--scope", "read", "--monitors", "team-a/*")
    other = created(file, "--scope", "admin", "--monitors", "a", "--monitors", "b*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in file.read_text()
    tokens = Tokens(parse_tokens(file.read_bytes()))
    found, second = tokens.find(token), tokens.find(other)
    assert found is not None
    assert second is not None
    assert found.grants.patterns == {Scope.INGEST: ("team-a/*",), Scope.READ: ("team-a/*",)}
    assert second.grants.patterns == {Scope.ADMIN: ("a", "b*")}
    listed = RUN.invoke(app, ["token", "list", "--file", str(file)]).stdout.splitlines()
    assert listed == [f"{found.id} ingest=team-a/* read=team-a/*", f"{second.id} admin=a,b*"]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("--scope", "write", "--monitors", "a"), "--scope must be one of ingest, read, admin"),
        (("--scope", "read", "--monitors", "a*b"), "monitors must be a monitor's name, or how"),
        (("--scope", "read", "--monitors", ""), "monitors must be a monitor's name, or how"),
    ],
)
def test_what_is_no_right_is_refused_and_nothing_is_written(
    arguments: tuple[str, ...], shown: str, tmp_path: Path
) -> None:
    file = tmp_path / "tokens"
    done = RUN.invoke(app, ["token", "create", "--file", str(file), *arguments])
    assert isinstance(done.exception, InvalidInputError)
    assert shown in str(done.exception)
    assert not file.exists()


def test_a_token_is_never_an_option() -> None:
    for command in ("report", "replay", "watch"):
        shown = RUN.invoke(app, [command, "--help"]).stdout
        assert "--token-file" in shown
        assert "--token " not in shown
