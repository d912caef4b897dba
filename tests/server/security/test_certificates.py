"""What a service is given as its certificate is checked before it is used."""

import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest

from boxgauge.frames import InvalidInputError
from boxgauge.server.security.certificates import Credentials, TlsFiles, load
from tests.server.security.conftest import Pki
from tests.server.security.pki import CURVE, Authority, Issued

DAY_S = 86_400


def loaded(made: Issued, client_ca: Path | None = None, now_s: float | None = None) -> Credentials:
    files = TlsFiles(made.cert, made.key, client_ca)
    return load(files, files.read(), now_s=time.time() if now_s is None else now_s)


def refused(made: Issued, client_ca: Path | None = None, now_s: float | None = None) -> str:
    with pytest.raises(InvalidInputError) as error:
        loaded(made, client_ca, now_s)
    return str(error.value)


def test_a_sound_certificate_says_when_it_expires(pki: Pki) -> None:
    found = loaded(pki.server, pki.authority.cert)
    assert 29 * DAY_S < found.expires_s - time.time() < 31 * DAY_S
    assert found.client_ca_expires_s is not None
    assert found.context.verify_mode is ssl.CERT_OPTIONAL
    assert loaded(pki.server).client_ca_expires_s is None


def test_the_first_of_a_chain_to_expire_counts(pki: Pki, tmp_path: Path) -> None:
    shortly = Authority(tmp_path, "intermediate", days=5)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(pki.server.cert.read_bytes() + shortly.cert.read_bytes())
    found = loaded(Issued(chain, pki.server.key))
    assert 4 * DAY_S < found.expires_s - time.time() < 6 * DAY_S


def test_files_that_are_missing_or_hold_something_else_are_named(pki: Pki, tmp_path: Path) -> None:
    server, absent = pki.server, tmp_path / "absent"
    assert refused(replace(server, cert=absent)) == (
        f"BOXGAUGE_TLS_CERT must be a file that can be read: got {absent}"
        " (No such file or directory)"
    )
    assert "BOXGAUGE_TLS_KEY must be a file" in refused(replace(server, key=absent))
    assert "BOXGAUGE_TLS_CLIENT_CA must be a file" in refused(server, absent)
    assert "TLS_CERT must be a PEM file with a cert" in refused(replace(server, cert=server.key))
    assert "TLS_KEY must be a PEM file with a private" in refused(replace(server, key=server.cert))
    assert "TLS_CLIENT_CA must be a PEM file" in refused(server, server.key)
    assert "TLS_CLIENT_CA must be certificates of CAs" in refused(server, server.cert)
    absent.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert "TLS_CERT must be a PEM file with a cert" in refused(replace(server, cert=absent))


def test_a_key_that_does_not_fit_is_named(pki: Pki) -> None:
    text = refused(replace(pki.server, key=pki.client.key))
    assert text == (f"BOXGAUGE_TLS_KEY must be the key of {pki.server.cert}: got {pki.client.key}")


def test_a_key_with_a_password_is_refused_and_not_asked_for(pki: Pki) -> None:
    locked = (*CURVE[:-1], "-passout", "pass:secret")
    assert "must be a key without" in refused(pki.authority.issue("locked", key=locked))


def test_a_kind_of_key_that_grpc_does_not_know_is_refused(pki: Pki) -> None:
    made = pki.authority.issue("edwards", key=("-newkey", "ed25519", "-nodes"))
    assert "with a key of RSA or an elliptic curve" in refused(made)


def test_rsa_keys_are_taken(pki: Pki) -> None:
    loaded(pki.authority.issue("rsa", key=("-newkey", "rsa:2048", "-nodes")))


def test_a_certificate_that_is_not_valid_now_is_refused_with_its_times(pki: Pki) -> None:
    assert "must be a certificate that is valid now: got" in refused(
        pki.server, now_s=time.time() + 31 * DAY_S
    )
    assert "valid from" in refused(pki.server, now_s=time.time() - DAY_S)
    assert "that is valid now" in refused(pki.authority.issue("expired", days=-1))
