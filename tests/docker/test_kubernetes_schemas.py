"""The manifests, held against the strict schemas of three versions of Kubernetes."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.docker.manifests import (
    CUSTOM,
    KUBERNETES,
    OVERLAYS,
    VERSIONS,
    Path_,
    faults,
    kustomize,
    maintenance,
    objects,
    rendered,
)

pytestmark = pytest.mark.tools

# Objects whose keys are names of the user's own.
FREE = {"labels", "annotations", "matchLabels", "data", "requests", "limits"}


def at(value: Any, path: Path_) -> Any:  # noqa: ANN401  # whatever YAML holds
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_resource_is_valid(overlay: str, version: str) -> None:
    found = {
        f"{each['kind']} {each['metadata']['name']}": faults(each, version)
        for each in rendered(overlay)
        if each["kind"] not in CUSTOM
    }
    assert {"StatefulSet boxgauge", "PodDisruptionBudget boxgauge"} <= set(found)
    assert not {name: each for name, each in found.items() if each}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_pod_for_maintenance_is_valid(version: str) -> None:
    assert faults(maintenance(), version) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_field_anywhere_is_found(version: str) -> None:
    unseen, tried = [], 0
    for manifest in rendered("gpu"):
        if manifest["kind"] in CUSTOM:
            continue
        for path, _ in objects(manifest):
            if path and path[-1] in FREE:
                continue
            wrong = copy.deepcopy(manifest)
            at(wrong, path)["readOnlyRootFileSystem"] = True  # the real one has a small s
            tried += 1
            if not faults(wrong, version):
                unseen.append((manifest["kind"], path))
    assert tried > 50
    assert unseen == []


@pytest.mark.parametrize(
    ("kind", "path", "wrong"),
    [
        ("StatefulSet", ("spec", "replicas"), "1"),
        ("StatefulSet", ("spec", "template", "spec", "enableServiceLinks"), "no"),
        ("Service", ("spec", "ports"), {"port": 8001}),
        ("NetworkPolicy", ("spec", "policyTypes"), "Ingress"),
    ],
)
def test_a_value_of_another_type_is_found(kind: str, path: Path_, wrong: object) -> None:
    manifest = copy.deepcopy(next(each for each in rendered("cpu") if each["kind"] == kind))
    at(manifest, path[:-1])[path[-1]] = wrong
    for version in VERSIONS:
        assert faults(manifest, version), version


@pytest.mark.parametrize("file", ["base", "components/prometheus-operator", "overlays/cpu"])
def test_a_misspelt_field_of_a_kustomization_is_refused(file: str, tmp_path: Path) -> None:
    copied = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, copied)
    assert kustomize(copied / "overlays" / "cpu").returncode == 0
    wrong = copied / file / "kustomization.yaml"
    text = wrong.read_text(encoding="utf-8")
    wrong.write_text(text.replace("\nresources:", "\nresurces:"), encoding="utf-8")
    assert kustomize(copied / "overlays" / "cpu").returncode != 0


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_file_is_part_of_an_overlay(overlay: str, tmp_path: Path) -> None:
    copied = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, copied)
    for file in [*copied.glob("base/*.yaml"), *copied.glob("components/*/*.yaml")]:
        kept = file.read_bytes()
        file.unlink()
        assert kustomize(copied / "overlays" / overlay).returncode != 0, file
        file.write_bytes(kept)
