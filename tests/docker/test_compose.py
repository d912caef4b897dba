"""compose.yaml: nothing has more rights than it needs, nothing is published beyond loopback."""

from typing import Any

import pytest
import yaml

from tests.docker.paths import DOCKER

COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = sorted(COMPOSE["services"])


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
            assert (DOCKER / source).exists(), volume
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


def test_grafana_is_provisioned_with_the_prometheus_beside_it() -> None:
    provisioning = DOCKER / "grafana" / "provisioning"
    sources = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())
    (source,) = sources["datasources"]
    assert source["url"] == "http://prometheus:9090"
    providers = yaml.safe_load((provisioning / "dashboards" / "boxgauge.yaml").read_text())
    folder = providers["providers"][0]["options"]["path"]
    assert f"./grafana/dashboards:{folder}:ro" in COMPOSE["services"]["grafana"]["volumes"]
