"""Certificates and keys with real faults, each said in words with its mending."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from boxgauge.cli.diagnosis.certificates import _judged, certificate_findings
from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.diagnosis.x509 import Validity, validities, validity

from .conftest import Make, openssl


def fault(findings: list[Finding]) -> Finding:
    (found,) = [each for each in findings if each.verdict == "bad"]
    return found


def judged(cert: Path | None, key: Path | None, ca: Path | None = None) -> list[Finding]:
    return certificate_findings(cert, key, ca, days=14)


def test_nothing_configured_is_nothing_to_say() -> None:
    assert judged(None, None) == []


def test_a_sound_pair_and_ca_are_well(make: Make) -> None:
    pair, ca = make("service"), make("ca", is_ca=True)
    found = judged(pair.cert, pair.key, ca.cert)
    assert [each.verdict for each in found] == ["ok"] * 3
    assert "89 days more" in found[0].words
    assert "fits the certificate" in found[1].words


@pytest.mark.parametrize("days", [1, 365, 20_000])  # the last one ends after 2049
def test_times_are_those_that_openssl_reads(make: Make, days: int) -> None:
    cert = make("c", days=days).cert
    (found,) = validities(cert.read_text())
    shown = openssl("x509", "-in", cert, "-noout", "-dates").splitlines()
    times = [ssl.cert_time_to_seconds(each.partition("=")[2]) for each in shown]
    assert [found.begins.timestamp(), found.ends.timestamp()] == times


def test_one_without_the_other_is_a_fault(make: Make) -> None:
    pair = make("service")
    assert (
        "BOXGAUGE_TLS_CERT is set without BOXGAUGE_TLS_KEY" in fault(judged(pair.cert, None)).words
    )
    assert fault(judged(None, pair.key)).mending == "set BOXGAUGE_TLS_CERT too"


def test_an_expired_one_is_a_fault(make: Make) -> None:
    pair = make("service", days=-1)
    found = fault(judged(pair.cert, pair.key))
    assert "has expired on" in found.words
    assert found.mending == "renew it"


def test_one_that_expires_soon_is_a_fault_by_the_days_asked_for(make: Make) -> None:
    pair = make("service", days=10)
    assert "expires in 9 days" in fault(judged(pair.cert, pair.key)).words
    assert all(e.verdict == "ok" for e in certificate_findings(pair.cert, pair.key, None, days=5))


def test_of_a_chain_the_one_that_ends_first_counts(make: Make) -> None:
    pair, ca = make("service", days=90), make("ca", days=3, is_ca=True)
    pair.cert.write_text(pair.cert.read_text() + ca.cert.read_text())
    assert "expires in 2 days" in fault(judged(pair.cert, pair.key)).words


def test_one_of_tomorrow_is_a_fault() -> None:
    now = datetime.now(UTC)
    later = Validity(now + timedelta(days=1), now + timedelta(days=9))
    found = _judged("certificate", Path("c.pem"), [later], 0, "")
    assert "is valid from" in found.words
    assert "clock" in found.mending


def test_the_key_of_another_certificate_is_a_fault(make: Make) -> None:
    one, other = make("one"), make("other")
    found = fault(judged(one.cert, other.key))
    assert found.words == f"{other.key} is not the key of the certificate in {one.cert}"


def test_what_is_not_there_is_named(make: Make, tmp_path: Path) -> None:
    pair, missing = make("service"), tmp_path / "missing"
    found = judged(missing, missing)
    assert [each.verdict for each in found] == ["bad", "bad"]
    assert f"{missing} cannot be read: No such file or directory" in found[0].words
    assert "cannot be read" in fault(judged(pair.cert, missing)).words
    assert fault(judged(pair.cert, pair.key, missing)).subject == "client CA"


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_a_fault(make: Make, content: str) -> None:
    pair = make("service")
    pair.cert.write_text(content)
    faults = [each for each in judged(pair.cert, pair.key) if each.verdict == "bad"]
    assert "there is no certificate in" in faults[0].words


def test_a_cut_certificate_is_damaged(make: Make) -> None:
    pair = make("service")
    der = ssl.PEM_cert_to_DER_cert(pair.cert.read_text())
    for length in range(0, len(der), 7):
        with pytest.raises(ValueError, match=r"it (ends within an element|is no certificate)"):
            validity(der[:length])
    pair.cert.write_text(ssl.DER_cert_to_PEM_cert(der[:60]))
    faults = [each for each in judged(pair.cert, pair.key) if each.verdict == "bad"]
    assert "is damaged" in faults[0].words


def test_a_key_with_a_password_is_a_fault(make: Make) -> None:
    pair = make("service")
    openssl("pkey", "-in", pair.key, "-aes256", "-passout", "pass:x", "-out", f"{pair.key}.2")
    found = fault(judged(pair.cert, Path(f"{pair.key}.2")))
    assert "has a password" in found.words


def test_a_certificate_in_the_key_s_place_is_told(make: Make) -> None:
    pair = make("service")
    assert "there is no private key in" in fault(judged(pair.cert, pair.cert)).words


def test_a_key_that_others_may_read_is_a_note(make: Make) -> None:
    pair = make("service")
    pair.key.chmod(0o644)
    _, found = judged(pair.cert, pair.key)
    assert (found.verdict, found.mending) == ("note", f"chmod 600 {pair.key}")
    assert "mode 644" in found.words


def test_callers_need_a_ca_and_tls(make: Make) -> None:
    pair, leaf = make("service"), make("leaf")
    found = fault(judged(pair.cert, pair.key, leaf.cert))
    assert "none of a CA" in found.words
    ca = make("ca", is_ca=True)
    assert "only TLS carries" in fault(judged(None, None, ca.cert)).words
    old = make("old", days=-1, is_ca=True)
    assert "has expired on" in fault(judged(pair.cert, pair.key, old.cert)).words
