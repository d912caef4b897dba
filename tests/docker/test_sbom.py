"""The check of the list of components finds what is missing from it."""

import importlib.util
import tomllib
from types import ModuleType

import pytest

from tests.docker.paths import DOCKER


@pytest.fixture
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_sbom", DOCKER / "check_sbom.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_list_must_have_all_that_the_service_asks_for(check: ModuleType) -> None:
    pyproject = tomllib.loads((DOCKER.parent / "pyproject.toml").read_text())
    wanted = check.asked_for(pyproject, "cpu")
    assert {"grpcio", "onnxruntime", "prometheus-client"} <= wanted
    components = [
        {"name": name.replace("-", "_"), "version": "1", "purl": f"pkg:pypi/{name}@1"}
        for name in sorted(wanted)
    ]
    whole = {"bomFormat": "CycloneDX", "components": components}
    assert check.faults(whole, wanted) == []
    lacking = {"bomFormat": "CycloneDX", "components": components[1:]}
    assert check.faults(lacking, wanted) == [f"{sorted(wanted)[0]} is missing"]
    unnamed = {"bomFormat": "CycloneDX", "components": [*components, {"name": "x"}]}
    assert check.faults(unnamed, wanted) == ["x has no version or no package URL"]
    assert "must be CycloneDX" in check.faults({"components": components}, wanted)[0]
