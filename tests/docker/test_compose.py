"""compose.yaml: nothing has more rights than it needs, nothing is published beyond loopback."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.credentials import Credentials
from tests.docker.paths import DOCKER

COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = sorted(COMPOSE["services"])
# What `docker/credentials.sh` makes.
MADE = "./credentials/"


def test_the_service_comes_with_prometheus_and_grafana() -> None:
    assert SERVICES == ["boxgauge", "grafana", "prometheus"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_hardened_and_bounded(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert "privileged" not in service
    assert service.get("network_mode") != "host"


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_only(name: str) -> None:
    assert COMPOSE["services"][name]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"][name]["ports"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_from_the_checkout_exists_and_cannot_be_written(name: str) -> None:
    for volume in COMPOSE["services"][name].get("volumes", []):
        source, _, access = volume.partition(":")
        if source.startswith("."):
            assert source.startswith(MADE) or (DOCKER / source).exists(), volume
            assert access.endswith(":ro"), volume
        else:
            assert source in COMPOSE["volumes"], volume


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_to_a_version(name: str) -> None:
    _, _, tag = COMPOSE["services"][name]["image"].partition(":")
    assert any(character.isdigit() for character in tag)


def test_the_image_is_built_from_a_stage_that_exists() -> None:
    build = COMPOSE["services"]["boxgauge"]["build"]
    dockerfile = (DOCKER / build["context"] / build["dockerfile"]).read_text(encoding="utf-8")
    assert f" AS {build['target']}\n" in dockerfile


@pytest.mark.tools
def test_what_is_mounted_of_the_credentials_is_what_the_script_makes(made: Credentials) -> None:
    service, prometheus = (COMPOSE["services"][name] for name in ("boxgauge", "prometheus"))
    mounts = dict(
        volume.removeprefix(MADE).removesuffix(":ro").split(":")
        for volume in (*service["volumes"], *prometheus["volumes"])
        if volume.startswith(MADE)
    )
    assert set(mounts) == {"server", "scrape"}
    for name in ("TLS_CERT", "TLS_KEY", "TOKENS"):
        file = Path(service["environment"][f"BOXGAUGE_{name}"])
        assert str(file.parent) == mounts["server"]
        assert (made.folder / "server" / file.name).exists()
    config = yaml.safe_load((DOCKER / "prometheus" / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    named = (job["tls_config"]["ca_file"], job["authorization"]["credentials_file"])
    # Relative to the configuration's own folder.
    assert mounts["scrape"] == f"/etc/prometheus/{Path(named[0]).parent}"
    assert all((made.folder / "scrape" / Path(each).name).exists() for each in named)
    assert job["scheme"] == "https"


def test_the_journal_is_in_a_volume_of_its_own() -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    (journal,) = re.findall(r"BOXGAUGE_JOURNAL=(\S+)", dockerfile)
    assert f"journal:{Path(journal).parent}" in COMPOSE["services"]["boxgauge"]["volumes"]
    assert f'VOLUME ["{Path(journal).parent}"]' in dockerfile


def test_grafana_is_provisioned_with_the_prometheus_beside_it() -> None:
    provisioning = DOCKER / "grafana" / "provisioning"
    sources = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())
    (source,) = sources["datasources"]
    assert source["url"] == "http://prometheus:9090"
    providers = yaml.safe_load((provisioning / "dashboards" / "boxgauge.yaml").read_text())
    folder = providers["providers"][0]["options"]["path"]
    assert f"./grafana/dashboards:{folder}:ro" in COMPOSE["services"]["grafana"]["volumes"]
