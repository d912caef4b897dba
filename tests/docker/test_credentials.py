"""`docker/credentials.sh`: made once, renewed from the same CA, never readable by others."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docker.credentials import Credentials
from tests.docker.paths import ROOT
from tests.tools import require_tool

pytestmark = pytest.mark.tools


@pytest.fixture
def credentials(made: Credentials, tmp_path: Path) -> Credentials:
    """A copy, to be changed."""
    shutil.copytree(made.folder, tmp_path / "copied")
    return Credentials(tmp_path / "copied", made.command)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def openssl(*arguments: object) -> str:
    command = [require_tool("openssl"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nobody_else_can_enter_the_folder(credentials: Credentials) -> None:
    for folder in (credentials.folder, credentials.folder / "ca", credentials.folder / "client"):
        assert folder.stat().st_mode & 0o077 == 0, folder
    # These two are entered by the users of containers, through mounts of their own.
    for name in ("server", "scrape"):
        assert (credentials.folder / name).stat().st_mode & 0o005 == 0o005


def test_the_certificate_is_of_the_ca_and_has_the_names_that_are_asked_for(
    credentials: Credentials,
) -> None:
    certificate = credentials.folder / "server" / "tls.crt"
    for name in ("boxgauge", "localhost", "boxgauge.boxgauge.svc"):
        openssl("verify", "-CAfile", credentials.ca, "-verify_hostname", name, certificate)
    openssl("verify", "-CAfile", credentials.ca, "-verify_ip", "127.0.0.1", certificate)


def test_the_service_reads_hashes_and_no_token(credentials: Credentials) -> None:
    tokens = [
        (credentials.folder / name).read_text(encoding="ascii").strip()
        for name in ("scrape/token", "client/ingest.token", "client/admin.token")
    ]
    assert len(set(tokens)) == 3
    kept = (credentials.folder / "server" / "tokens").read_text(encoding="ascii")
    rights = re.findall(r"(?m)^[0-9a-f]{12} (.+) sha256:", kept)
    assert rights == ["read=*", "ingest=*", "ingest=* read=* admin=*"]
    for token in tokens:
        assert token.rpartition("_")[2] not in kept


def test_what_is_there_stays(credentials: Credentials) -> None:
    before = contents(credentials.folder)
    credentials.run()
    assert contents(credentials.folder) == before


def test_renewing_changes_the_certificate_alone(credentials: Credentials) -> None:
    before = contents(credentials.folder)
    credentials.run("renew")
    after = contents(credentials.folder)
    assert {name for name in after if after[name] != before.get(name)} == {
        "server/tls.crt",
        "server/tls.key",
    }
    assert set(after) == set(before)


def test_a_revoked_token_is_gone_and_the_others_stay(credentials: Credentials) -> None:
    before = contents(credentials.folder)
    name = before["client/ingest.token"].decode().split("_")[1]
    credentials.run("revoke", "ingest")
    after = contents(credentials.folder)
    assert set(before) - set(after) == {"client/ingest.token"}
    gone = set(before["server/tokens"].splitlines()) - set(after["server/tokens"].splitlines())
    assert [line.split()[0].decode() for line in gone] == [name]


def test_nothing_of_it_is_committed(credentials: Credentials) -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "docker/credentials/ca/ca.key"], cwd=ROOT, check=False
    )
    assert ignored.returncode == 0
    tracked = subprocess.run(
        ["git", "grep", "-lE", "^-----BEGIN (EC |RSA )?PRIVATE KEY", "--", "docker"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tracked.stdout == ""
    assert b"PRIVATE KEY" in contents(credentials.folder)["server/tls.key"]
