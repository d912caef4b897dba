"""A service with certificates: who can talk to it, and what others are told."""

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from click.testing import Result
from typer.testing import CliRunner

from boxgauge.cli.app import app as commands
from boxgauge.client import AsyncMonitorClient, MonitorClient
from boxgauge.frames import InvalidInputError, UnauthenticatedError, UnavailableError
from boxgauge.server.app import App
from boxgauge.server.settings import read_settings
from tests.server.conftest import Serve
from tests.server.security.conftest import Pki, TokensFile
from tests.server.security.http import fetched
from tests.server.security.pki import expires_s

CLASSES = {1: "cat"}
TOKEN = "t"  # noqa: S105 (of nobody)


async def listed(target: str, **access: object) -> list[str]:
    """Return the names of the monitors, asked by both clients."""

    def blocking() -> list[str]:
        with MonitorClient(target, **access) as client:  # type: ignore[arg-type]  # options as they come
            return [each.name for each in client.list_monitors()]

    async with AsyncMonitorClient(target, **access) as client:  # type: ignore[arg-type]
        names = [each.name for each in await client.list_monitors()]
    assert names == await asyncio.to_thread(blocking)
    return names


async def failure(target: str, **access: object) -> str:
    """Return what both clients say of a connection that cannot be made."""
    with pytest.raises(UnavailableError) as error:
        await listed(target, **access)
    return str(error.value)


async def test_clients_talk_over_tls_and_http_has_the_same_certificate(
    serve: Serve, pki: Pki
) -> None:
    async with serve(**pki.tls) as (app, _):
        assert await listed(app.address, **pki.trusting) == []
        assert app.metrics_url.startswith("https://")
        status, text = await fetched(app.metrics_url, ca=pki.authority.cert)
        assert status == 200
        line = 'boxgauge_tls_certificate_expiry_timestamp_seconds{certificate="server"} '
        (expiry,) = (each for each in text.splitlines() if each.startswith(line))
        with pytest.raises(ssl.SSLCertVerificationError):
            await fetched(app.metrics_url, ca=pki.foreign.cert)
    assert float(expiry.removeprefix(line)) == expires_s(pki.server.cert)


async def test_a_client_that_does_not_trust_the_service_says_why(serve: Serve, pki: Pki) -> None:
    async with serve(**pki.tls) as (app, _):
        assert "CERTIFICATE_VERIFY_FAILED" in await failure(app.address, tls_ca=pki.foreign.cert)
        assert "no answer from" in await failure(app.address)


async def test_a_certificate_for_another_host_is_refused(serve: Serve, pki: Pki) -> None:
    other = pki.authority.issue("elsewhere", names=["DNS:elsewhere.example"])
    async with serve(tls_cert=other.cert, tls_key=other.key) as (app, _):
        text = await failure(app.address, **pki.trusting)
        assert "Hostname Verification Check failed" in text
        with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
            await fetched(app.metrics_url, ca=pki.authority.cert)


@pytest.mark.parametrize("presented", ["none", "foreign", "expired"])
async def test_callers_without_a_good_certificate_get_no_connection(
    serve: Serve, pki: Pki, presented: str
) -> None:
    access: dict[str, Path] = dict(pki.trusting)
    if presented != "none":
        used = pki.other_client
        if presented == "expired":
            used = pki.authority.issue("former-camera", days=-1)
        access |= {"tls_cert": used.cert, "tls_key": used.key}
    async with serve(**pki.mutual) as (app, _):
        await failure(app.address, **access)
        assert await listed(app.address, **pki.known) == []


async def test_a_certificate_alone_gives_all_rights_and_is_named_in_the_audit_log(
    serve: Serve, pki: Pki, tmp_path: Path
) -> None:
    log = tmp_path / "audit"
    async with serve(**pki.mutual, audit_log=log) as (app, _):
        async with AsyncMonitorClient(app.address, **pki.known) as client:
            await client.create_monitor("street", CLASSES)
        assert await listed(app.address, **pki.known) == ["street"]
        status, _ = await fetched(app.metrics_url, ca=pki.authority.cert, own=pki.client)
        assert status == 200
    assert '"who":"certificate:spiffe://plant/camera-7"' in log.read_text()


async def test_http_asks_for_a_certificate_but_for_probes(serve: Serve, pki: Pki) -> None:
    async with serve(**pki.mutual) as (app, _):
        base = app.metrics_url.removesuffix("/metrics")
        for probe in ("/healthz", "/readyz"):
            assert (await fetched(base + probe, ca=pki.authority.cert))[0] == 200
        for path in ("/metrics", "/", "/api/v1/monitors"):
            status, text = await fetched(base + path, ca=pki.authority.cert)
            assert (status, text) == (401, "a certificate of the client is needed\n")


async def test_with_tokens_a_certificate_only_opens_the_connection(
    serve: Serve, pki: Pki, tokens: TokensFile
) -> None:
    token = tokens.add("read", "*")
    async with serve(**pki.mutual, tokens=tokens.path) as (app, _):
        with pytest.raises(UnauthenticatedError):
            await listed(app.address, **pki.known)
        assert await listed(app.address, **pki.known, token=token) == []
        await failure(app.address, **pki.trusting, token=token)
        for own, given, status in (
            (pki.client, token, 200),
            (pki.client, "", 401),
            (None, token, 401),
        ):
            answer = await fetched(app.metrics_url, ca=pki.authority.cert, own=own, token=given)
            assert answer[0] == status


async def test_plain_text_to_a_port_with_tls_is_dropped_and_harms_nobody(
    serve: Serve, pki: Pki
) -> None:
    async with serve(**pki.tls) as (app, _):
        port = int(app.metrics_url.rsplit(":", 1)[1].partition("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
        with suppress(ConnectionResetError):  # just as well
            assert b"200" not in await reader.read()
        writer.close()
        assert (await fetched(app.metrics_url, ca=pki.authority.cert))[0] == 200


def test_a_bad_certificate_is_refused_before_anything_starts(pki: Pki) -> None:
    with pytest.raises(InvalidInputError, match="BOXGAUGE_TLS_KEY must be the key of"):
        App(read_settings(tls_cert=pki.server.cert, tls_key=pki.client.key))
    expired = pki.authority.issue("expired-server", days=-1)
    with pytest.raises(InvalidInputError, match="that is valid now"):
        App(read_settings(tls_cert=expired.cert, tls_key=expired.key))


def test_tokens_go_to_this_machine_or_over_tls() -> None:
    with pytest.raises(InvalidInputError, match="sent over TLS"):
        MonitorClient("gauge.example:8001", token=TOKEN)
    with pytest.raises(InvalidInputError, match="sent over TLS"):
        MonitorClient("127.0.0.1.example:8001", token=TOKEN)
    for target in ("127.0.0.1:8001", "[::1]:8001", "localhost:8001", "dns:///localhost:8001"):
        MonitorClient(target, token=TOKEN).close()
    credentials = grpc.ssl_channel_credentials()
    MonitorClient("gauge.example:8001", token=TOKEN, credentials=credentials).close()


def test_a_client_s_options_are_checked(pki: Pki, tmp_path: Path) -> None:
    here = "127.0.0.1:8001"
    for options, shown in (
        ({"tls_cert": pki.client.cert}, "tls_key must be given too"),
        ({"tls_ca": tmp_path / "absent"}, "tls_ca must be a file to read"),
        ({"token": "a b"}, "token must be printable ASCII"),
        ({"token": "t", "token_file": pki.client.key}, "token must be given alone"),
    ):
        with pytest.raises(InvalidInputError, match=shown):
            MonitorClient(here, **options)  # type: ignore[arg-type]


async def test_commands_take_certificates_and_a_token_from_files(
    serve: Serve, pki: Pki, tokens: TokensFile, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(tokens.add("read", "*"))

    def listed_by(*options: object) -> Result:
        return CliRunner().invoke(commands, ["monitor", "list", "--json", *map(str, options)])

    async with serve(**pki.mutual, tokens=tokens.path) as (app, _):
        access: list[object] = ["--target", app.address, "--tls-ca", pki.authority.cert]
        access += ["--tls-cert", pki.client.cert, "--tls-key", pki.client.key]
        done = await asyncio.to_thread(listed_by, *access, "--token-file", file)
        assert (done.exit_code, done.stdout) == (0, "[]\n")
        denied = await asyncio.to_thread(listed_by, *access)
        assert isinstance(denied.exception, UnauthenticatedError)
