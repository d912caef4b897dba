"""Variables, ports, tokens, clock, memory, libraries, traces."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from boxgauge.cli.diagnosis.clock import Kept, clock_finding, kept_clock, now
from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.diagnosis.libraries import (
    library_findings,
    load_fault,
    provider_library_finding,
)
from boxgauge.cli.diagnosis.memory import (
    descriptor_finding,
    machine_bytes,
    memory_finding,
    memory_limit,
)
from boxgauge.cli.diagnosis.ports import port_findings
from boxgauge.cli.diagnosis.tokens import token_findings
from boxgauge.cli.diagnosis.traces import traces_findings
from boxgauge.cli.diagnosis.variables import variable_findings
from boxgauge.cli.probes import option_variables
from boxgauge.frames import InvalidInputError
from boxgauge.server.metrics_http import MetricsServer
from boxgauge.server.settings import Settings, lenient_settings, read_settings
from boxgauge.server.telemetry import Telemetry

MIB = 2**20
HASH = "sha256:" + "0" * 64


def variables(**given: str) -> list[Finding]:
    environment = {f"BOXGAUGE_{name}": value for name, value in given.items()} | {"PATH": "x"}
    return variable_findings(environment, "BOXGAUGE_", ["PORT", "JOURNAL", "MAX_MODELS"], [])


def test_known_variables_are_well() -> None:
    (found,) = variables(PORT="1", JOURNAL="x")
    assert (found.verdict, found.words) == ("ok", "2 variables BOXGAUGE_…, all known and in range")
    (found,) = variables()
    assert found.words == "all at their defaults"


def test_an_unknown_variable_is_named_with_the_nearest_known_one() -> None:
    (found,) = variables(JURNAL="x", PORT="1")
    assert found.words == "BOXGAUGE_JURNAL is set, and nothing reads it"
    assert found.mending == "rename it to BOXGAUGE_JOURNAL, or unset it"
    (found,) = variables(XYZZY="x")
    assert found.mending.startswith("unset it")


def test_what_clients_and_options_read_is_known() -> None:
    assert "BOXGAUGE_GRAPHS" in option_variables()
    assert variables(TARGET="127.0.0.1:8001")[0].verdict == "ok"


def test_all_bad_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXGAUGE_PORT", "70000")
    monkeypatch.setenv("BOXGAUGE_WORKERS", "0")
    monkeypatch.setenv("BOXGAUGE_MAX_MODELS", "3")
    settings, faults = lenient_settings()
    assert sorted(each.field for each in faults) == ["port", "workers"]
    assert (settings.port, settings.workers, settings.max_models) == (8001, 4, 3)
    found = variable_findings({}, "BOXGAUGE_", [], faults)
    assert any(each.words.endswith("got '70000'") for each in found)
    assert all(each.verdict == "bad" for each in found)


def test_settings_at_odds_with_each_other_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXGAUGE_PROVIDERS", "cpu,cpu")
    settings, faults = lenient_settings()
    assert settings.providers == ("cpu",)
    assert "distinct" in str(faults[0])


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_free_ports_are_well_and_one_for_both_is_not() -> None:
    assert [each.verdict for each in port_findings("127.0.0.1", 0, "127.0.0.1", 0)] == ["ok"] * 2
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = port_findings("127.0.0.1", port, "127.0.0.1", port)
    assert found[-1].words == f"gRPC and metrics are both to listen on 127.0.0.1:{port}"


def test_a_port_of_another_process_is_a_fault(taken: int) -> None:
    found, _ = port_findings("127.0.0.1", taken, "127.0.0.1", 0)
    assert found.words == f"127.0.0.1:{taken} is taken by another process"
    assert "BOXGAUGE_PORT" in found.mending
    _, found = port_findings("127.0.0.1", 0, "127.0.0.1", taken)
    assert "BOXGAUGE_METRICS_PORT" in found.mending


def test_a_running_boxgauge_on_its_ports_is_a_note(taken: int) -> None:
    telemetry = Telemetry(CollectorRegistry())
    server = MetricsServer(telemetry.scraped, lambda: True)
    metrics = server.start("127.0.0.1", 0)
    try:
        found = port_findings("127.0.0.1", taken, "127.0.0.1", metrics)
    finally:
        server.stop()
    assert [each.verdict for each in found] == ["note", "note"]


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_a_fault(host: str) -> None:
    found, _ = port_findings(host, 1, "127.0.0.1", 0)
    assert f"{host} cannot be listened on" in found.words
    assert "BOXGAUGE_HOST" in found.mending


def tokens(folder: Path, text: str, mode: int = 0o600) -> Finding:
    file = folder / "tokens"
    file.write_text(text)
    file.chmod(mode)
    (found,) = token_findings(file)
    return found


def test_tokens_are_judged_line_by_line(tmp_path: Path) -> None:
    assert token_findings(None) == []
    good = f"0123456789ab ingest=team-a/* read=team-a/*,street {HASH}\n"
    assert tokens(tmp_path, f"# comment\n\n{good}{good}").words.startswith("2 in ")
    assert tokens(tmp_path, good, 0o640).verdict == "note"
    assert "every call is refused" in tokens(tmp_path, "# none\n").words
    for bad in ("x", good.replace("ingest", "write"), good[:40], f"0123456789ab {HASH}"):
        found = tokens(tmp_path, f"{good}{bad}\n")
        assert found.verdict == "bad"
        assert "line 2 of" in found.words
    assert "cannot be read" in token_findings(tmp_path / "missing")[0].words


def test_a_token_among_the_hashes_is_told_and_never_shown(tmp_path: Path) -> None:
    token = "boxgauge_0123456789ab_" + "s" * 43
    found = tokens(tmp_path, f"{token}\n")
    assert "has a token itself" in found.words
    assert "sss" not in found.words + found.mending


def test_a_clock_behind_its_own_files_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_text("")
    assert clock_finding(now(), [file], Kept(is_kept=True, error_s=0.01)).verdict == "ok"
    found = clock_finding(now() - 10 * 86_400, [file, tmp_path / "none"], None)
    assert found.verdict == "bad"
    assert f"{file} was written on" in found.words


def test_a_clock_that_nobody_keeps_is_a_note() -> None:
    assert clock_finding(now(), [], Kept(is_kept=False, error_s=16.0)).verdict == "note"
    assert clock_finding(now(), [], None).verdict == "ok"
    told = kept_clock()
    assert told is None or told.error_s >= 0


def test_the_least_bound_of_all_control_groups_holds(tmp_path: Path) -> None:
    own, groups = tmp_path / "cgroup", tmp_path / "fs"
    leaf = groups / "a" / "b"
    leaf.mkdir(parents=True)
    own.write_text("0::/a/b\n")
    assert memory_limit(groups, own) is None
    (leaf / "memory.max").write_text("max\n")
    assert memory_limit(groups, own) is None
    (groups / "a" / "memory.max").write_text(f"{512 * MIB}\n")
    assert memory_limit(groups, own) == 512 * MIB
    own.write_text("0::/of/the/host\n")  # as a container without a namespace sees it
    assert memory_limit(groups, own) is None
    (groups / "memory.max").write_text(f"{300 * MIB}\n")
    assert memory_limit(groups, own) == 300 * MIB
    assert memory_limit(groups, tmp_path / "none") is None


def test_the_first_version_of_control_groups_is_read_too(tmp_path: Path) -> None:
    own = tmp_path / "cgroup"
    own.write_text("5:cpu,cpuacct:/x\n4:memory:/x\n")
    (tmp_path / "memory" / "x").mkdir(parents=True)
    limit = tmp_path / "memory" / "x" / "memory.limit_in_bytes"
    limit.write_text("9223372036854771712\n")
    assert memory_limit(tmp_path, own) is None
    limit.write_text(str(256 * MIB))
    assert memory_limit(tmp_path, own) == 256 * MIB


def test_bounds_beyond_memory_are_a_fault_with_bounds_that_fit() -> None:
    bounds = {"max_held_boxes": 4_000_000, "max_tally_bytes": 512 * MIB}
    assert memory_finding(None, 8192 * MIB, **bounds).verdict == "ok"
    found = memory_finding(1024 * MIB, 8192 * MIB, **bounds)
    assert "the control group allows 1024 MiB" in found.words
    boxes, tallies = 674 * MIB // 2 // 100, 674 * MIB // 2
    assert f"BOXGAUGE_MAX_HELD_BOXES to {boxes}" in found.mending
    fitting = {"max_held_boxes": boxes, "max_tally_bytes": tallies}
    assert memory_finding(1024 * MIB, 8192 * MIB, **fitting).verdict == "ok"
    assert "at least" in memory_finding(100 * MIB, 8192 * MIB, **bounds).mending
    assert machine_bytes() > 100 * MIB


def test_descriptors_are_held_against_connections() -> None:
    assert descriptor_finding(1024, 256).verdict == "ok"
    assert descriptor_finding(-1, 1024).verdict == "ok"
    assert "ulimit -Hn 1088" in descriptor_finding(1024, 1024).mending


def test_libraries_are_looked_at_where_a_gpu_is_wanted(tmp_path: Path) -> None:
    assert library_findings(("cpu",)) == []
    driver, cuda = library_findings(("cuda", "cpu"))
    assert (driver.verdict == "bad") == bool(load_fault("libcuda.so.1"))
    assert cuda.subject == "libraries of cuda"
    broken = tmp_path / "libonnxruntime_providers_cuda.so"
    assert "built without it" in provider_library_finding("cuda", broken).words
    broken.write_text("no library")
    found = provider_library_finding("cuda", broken)
    assert found.verdict == "bad"
    assert broken.name in found.words


def test_traces_without_their_packages_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert traces_findings(read_settings()) == []
    asked = read_settings(traces="http://collector:4317")
    assert [each.verdict for each in traces_findings(asked)] == ["ok"]
    for name in [each for each in sys.modules if each.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    (found,) = traces_findings(asked)
    assert found.verdict == "bad"
    assert "[otel]" in found.mending
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x:4318")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    (found,) = traces_findings(Settings())
    assert "must be grpc" in found.words


def test_a_finding_is_well_a_note_or_bad() -> None:
    assert Finding("a", "b").verdict == "ok"
    assert Finding("a", "b", "c").verdict == "bad"
    assert Finding("a", "b", "c", is_note=True).verdict == "note"
    assert InvalidInputError.at("a", 1, "2").field == "a"
