"""The Kubernetes manifests as kustomize renders them, and strict validators of three versions."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema.validators import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

from tests.docker.paths import DOCKER
from tests.tools import require_tool

KUBERNETES = DOCKER / "kubernetes"
OVERLAYS = ("cpu", "gpu")
# The three newest whose schemas are bundled.
VERSIONS = ("1.35.0", "1.36.0", "1.37.0")
# Resources of the Prometheus operator: no version of Kubernetes knows them.
CUSTOM = ("PrometheusRule", "ServiceMonitor")

Manifest = dict[str, Any]
Path_ = tuple[str | int, ...]


def kustomize(folder: Path) -> subprocess.CompletedProcess[str]:
    """Render a folder; nothing is asked of any cluster."""
    command = [require_tool("kubectl"), "kustomize", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """Return the resources of an overlay."""
    done = kustomize(KUBERNETES / "overlays" / overlay)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, kind: str) -> dict[str, Manifest]:
    """Return the resources of a kind by name."""
    found = {each["metadata"]["name"]: each for each in rendered(overlay) if each["kind"] == kind}
    assert found, kind
    return found


def only(overlay: str, kind: str) -> Manifest:
    """Return the one resource of a kind."""
    (found,) = of_kind(overlay, kind).values()
    return found


def pod(overlay: str) -> Manifest:
    """Return the template of the pod."""
    template: Manifest = only(overlay, "StatefulSet")["spec"]["template"]
    return template


def container(overlay: str) -> Manifest:
    """Return the one container."""
    (found,) = pod(overlay)["spec"]["containers"]
    return dict(found)


def maintenance() -> Manifest:
    """Return the pod that no overlay has."""
    found: Manifest = yaml.safe_load((KUBERNETES / "maintenance.yaml").read_text(encoding="utf-8"))
    return found


@cache
def _validator(version: str, kind: str, api_version: str) -> Draft202012Validator:
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    # apps/v1 → apps-v1, networking.k8s.io/v1 → networking-v1
    api = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = schema_contents(f"{folder}/{kind.lower()}-{api}.json", version)
    registry: Registry[Any] = Registry().with_resources(_definitions(version))
    return Draft202012Validator(schema, registry=Resource.from_contents(schema) @ registry)


@cache
def _definitions(version: str) -> list[tuple[str, Resource[Any]]]:
    name = f"kubernetes-json-schema/v{version}-local-strict/_definitions.json"
    resource = Resource.from_contents(schema_contents(name, version))
    return [(str(resource.id()), resource)]


def faults(manifest: Manifest, version: str) -> list[str]:
    """Return what the strict schema of a version of Kubernetes finds wrong with a resource."""
    validator = _validator(version, manifest["kind"], manifest["apiVersion"])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]


def objects(value: object, path: Path_ = ()) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """Yield every object within a resource, and where it is."""
    if isinstance(value, dict):
        yield path, value
        for key, each in value.items():
            yield from objects(each, (*path, key))
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from objects(each, (*path, position))
