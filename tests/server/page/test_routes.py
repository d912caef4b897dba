"""Routes: what is answered with which status, and under which policy."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from boxgauge.engine.online.quality import Quality
from boxgauge.frames import UnavailableError
from boxgauge.server.page.routes import Pages
from boxgauge.server.page.static_files import read_static_files

from .conftest import Site, entry
from .reports import report_of

API = "/api/v1/"


def asked(
    site: Site, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    where = urlsplit(site.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def document(site: Site, path: str) -> tuple[int, Any]:
    status, headers, body = asked(site, API + path)
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    return status, json.loads(body)


@pytest.fixture
def shown(site: Site, quality: Quality) -> Site:
    site.show(report_of(quality))
    return site


def test_the_page_comes_under_a_strict_policy(site: Site) -> None:
    status, headers, body = asked(site, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(
        each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    # What the policy would refuse, the page does not ask for.
    for forbidden in (b"<style", b" style=", b"onclick", b"http://", b"https://"):
        assert forbidden not in body


def test_files_are_asked_for_again_only_when_they_have_changed(site: Site) -> None:
    for path, kind in (("/static/page.css", "text/css"), ("/static/main.js", "text/javascript")):
        status, headers, body = asked(site, path)
        assert (status, headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert len(body) == int(headers["content-length"]) > 0
        for tag in (headers["etag"], "W/" + headers["etag"], f'"other", {headers["etag"]}'):
            status, again, body = asked(site, path, **{"If-None-Match": tag})
            assert (status, body, again["etag"]) == (304, b"", headers["etag"])
        assert asked(site, path, **{"If-None-Match": '"other"'})[0] == 200


def test_nothing_but_the_page_s_own_files_is_served(site: Site) -> None:
    assert len(read_static_files()) > 20
    for path in (
        "/static/",
        "/static",
        "/static/../routes.py",
        "/static/%2e%2e/routes.py",
        "/static//etc/passwd",
        "/index.html",
        "/static/missing.js",
    ):
        assert asked(site, path)[0] == 404


def test_what_is_there_is_only_read(shown: Site) -> None:
    for path in ("/", "/static/main.js", f"{API}monitors"):
        status, headers, body = asked(shown, path, "POST")
        assert (status, headers["allow"]) == (405, "GET, HEAD")
        assert body == b"only GET and HEAD\n"
        _, expected, whole = asked(shown, path)
        status, headers, body = asked(shown, path, "HEAD")
        assert (status, body) == (200, b"")
        assert headers["content-length"] == expected["content-length"] == str(len(whole))


def test_documents_are_those_of_the_newest_report(shown: Site, quality: Quality) -> None:
    status, found = document(shown, "report?monitor=cam&model=m&window=1h&slice=")
    assert (status, found["statistics"][0]["value"]) == (200, quality.report.statistics.AP)
    assert document(shown, "report?monitor=cam") == (status, found)
    _, history = document(shown, "history?monitor=cam&model=m&window=1h")
    assert [each["images"] for each in history["points"]] == [200]
    assert document(shown, "comparisons?monitor=cam") == (200, {"comparisons": []})
    _, listed = document(shown, "monitors")
    assert [each["name"] for each in listed["monitors"]] == ["cam"]


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("monitors?all=1", "all", "1"),
        ("report?monitor=cam&modle=m", "modle", "m"),
        ("report?monitor=cam&monitor=other", "monitor", "'other'"),
        ("report", "monitor", "''"),
        ("report?monitor=", "monitor", "''"),
        ("history?monitor=cam&slice=a", "slice", "a"),
        ("comparisons?model=m", "model", "m"),
    ],
)
def test_a_wrong_question_is_refused_by_name(
    shown: Site, path: str, field: str, value: str
) -> None:
    status, found = document(shown, path)
    assert (status, found["field"], found["value"]) == (400, field, value)
    assert field in found["error"]


def test_too_many_parameters_are_refused(shown: Site) -> None:
    status, found = document(shown, "monitors?" + "&".join(f"a{k}=1" for k in range(17)))
    assert (status, found["field"]) == (400, "query")


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("report?monitor=none", "monitor", "none"),
        ("report?monitor=cam&model=x%26y", "model", "x&y"),
        ("report?monitor=cam&window=9h", "window", "9h"),
        ("report?monitor=cam&slice=camera%3Deast", "slice", "camera=east"),
        ("report?monitor=cam&window=24h", "report", "cam, m, 24h"),
        ("report?monitor=new", "model", ""),
        ("history?monitor=none", "monitor", "none"),
        ("comparisons?monitor=none", "monitor", "none"),
        ("reports", "path", "/api/v1/reports"),
    ],
)
def test_what_does_not_exist_is_named(shown: Site, path: str, field: str, value: str) -> None:
    shown.entries.append(entry("new", models=()))
    status, found = document(shown, path)
    assert (status, found["field"], found["value"]) == (404, field, value)
    assert found["error"]


def test_a_service_that_starts_says_so(site: Site) -> None:
    site.fault = UnavailableError("the service is starting")
    assert document(site, "monitors") == (
        503,
        {"error": "the service is starting", "field": "", "value": ""},
    )


def test_a_fault_is_answered_and_told_to_the_log_alone(
    shown: Site, caplog: pytest.LogCaptureFixture
) -> None:
    shown.fault = ZeroDivisionError("a secret")
    status, found = document(shown, "monitors")
    assert (status, found["error"]) == (500, "internal error")
    assert "a secret" in caplog.text
    assert asked(shown, "/")[0] == 200


def test_a_name_in_any_script_is_taken_as_it_is_sent(site: Site) -> None:
    pages = Pages(site.shelf, lambda: site.now)
    found = pages(f"{API}report", "monitor=%E6%A4%9C%E5%87%BA", "")
    assert found is not None
    assert found[0] == "404 Not Found"
    assert json.loads(found[2])["value"] == "検出"
