"""What others can reach is protected, or somebody has said that it need not be."""

from pathlib import Path

import pytest

from boxgauge.frames import InvalidInputError
from boxgauge.server.security.exposure import check_exposure, is_loopback
from boxgauge.server.settings import read_settings

TLS = {"tls_cert": Path("c"), "tls_key": Path("k")}
TOKENS = {"tokens": Path("t")}
CA = {"tls_client_ca": Path("ca")}


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 (what is to be told apart)
        ("::", False),
        ("[::]", False),
        ("", False),
        ("192.168.1.4", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
    ],
)
def test_loopback_is_told_from_all_else(host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local


@pytest.mark.parametrize("field", ["host", "metrics_host"])
@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({}, "TOKENS or BOXGAUGE_TLS_CLIENT_CA"),
        (TLS, "TOKENS or BOXGAUGE_TLS_CLIENT_CA"),
        (TOKENS, "TLS_CERT and BOXGAUGE_TLS_KEY"),
        (TLS | TOKENS, ""),
        (TLS | CA, ""),
        (TLS | CA | TOKENS, ""),
    ],
)
def test_beyond_loopback_both_secrecy_and_callers_are_asked_for(
    field: str, given: dict[str, Path], lacking: str, caplog: pytest.LogCaptureFixture
) -> None:
    exposed = {field: "0.0.0.0"}  # noqa: S104 (what is to be refused)
    if not lacking:
        check_exposure(read_settings(**given, **exposed))
        return
    with pytest.raises(InvalidInputError) as refused:
        check_exposure(read_settings(**given, **exposed))
    text = str(refused.value)
    assert f"BOXGAUGE_{field.upper()} is 0.0.0.0" in text
    assert f"set BOXGAUGE_{lacking}" in text
    assert "BOXGAUGE_INSECURE=true" in text
    assert not caplog.records
    check_exposure(read_settings(**given, **exposed, insecure=True))
    assert f"INSECURE: BOXGAUGE_{field.upper()} is 0.0.0.0" in caplog.text


@pytest.mark.parametrize("given", [{}, TLS, TOKENS, TLS | CA])
def test_on_loopback_all_of_it_is_a_choice(given: dict[str, Path]) -> None:
    check_exposure(read_settings(**given))


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"tls_cert": Path("c")}, "TLS_KEY"),
        ({"tls_key": Path("k")}, "TLS_CERT"),
        (CA, "TLS_CERT"),
    ],
)
def test_settings_that_belong_together_come_together(given: dict[str, Path], lacking: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^BOXGAUGE_{lacking} must be set where"):
        check_exposure(read_settings(**given))
