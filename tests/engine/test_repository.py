"""The repository and the sessions refuse what is not what the manifest says."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxgauge.engine import Engine, ModelRepository, find_graphs
from boxgauge.frames import GraphError, InvalidInputError, NotFoundError


@pytest.fixture
def copy(graphs_dir: Path, tmp_path: Path) -> Path:
    """Return a copy of three graphs with a manifest of their own."""
    manifest = json.loads((graphs_dir / "manifest.json").read_text())
    names = ("iou_loss", "giou_loss", "bce_loss")
    manifest["graphs"] = [each for each in manifest["graphs"] if each["name"] in names]
    for name in names:
        shutil.copytree(graphs_dir / name, tmp_path / name)
    write(tmp_path, manifest)
    return tmp_path


def read(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return manifest


def write(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_what_is_right_opens_and_runs(copy: Path) -> None:
    engine = Engine.open(ModelRepository.open(copy))
    boxes = np.array([[0, 0, 2, 2], [0, 0, 1, 1]], np.float32)
    found = engine.run("iou_loss", {"pred": boxes, "target": boxes[::-1].copy()})
    np.testing.assert_allclose(found["loss"], [0.75, 0.75])
    assert engine.provider == "cpu"


def test_a_changed_file_is_refused(copy: Path) -> None:
    file = copy / "giou_loss" / "1" / "model.onnx"
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    with pytest.raises(GraphError, match="graph giou_loss: sha256 of giou_loss/1"):
        ModelRepository.open(copy)


def test_a_missing_file_is_refused(copy: Path) -> None:
    (copy / "bce_loss" / "1" / "model.onnx").unlink()
    with pytest.raises(GraphError, match=r"graph bce_loss: .* cannot be read"):
        ModelRepository.open(copy)


def test_a_foreign_file_is_refused_even_with_the_right_hash(copy: Path) -> None:
    import hashlib

    content = b"not a graph"
    (copy / "bce_loss" / "1" / "model.onnx").write_bytes(content)
    manifest = read(copy)
    entry = next(each for each in manifest["graphs"] if each["name"] == "bce_loss")
    entry["sha256"] = hashlib.sha256(content).hexdigest()
    write(copy, manifest)
    with pytest.raises(GraphError, match="graph bce_loss does not load"):
        Engine.open(ModelRepository.open(copy))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": [{"name": "a", "dtype": "float32", "shape": ["n", 4]}]}, "inputs must be"),
        ({"inputs": [{"name": "a", "dtype": "text", "shape": ["n"]}]}, "inputs must be"),
        ({"file": "../outside.onnx"}, "lies outside the repository"),
        ({"file": 5}, "file must be a text: got 5"),
        ({"file": "a\0b"}, "file must be a text"),
        ({"name": ["a"]}, "name must be a text"),
        ({"inputs": None}, "graph 1: inputs must be a list"),
        ({"inputs": [{"name": "a"}]}, "graph 1, inputs: dtype is missing"),
        ({"outputs": [{"name": "a", "dtype": "bool", "shape": 4}]}, "shape must be a list"),
        ({"obstacles": "many"}, "obstacles must be a list"),
        ({"profile": [{"name": "a", "min": [1]}]}, "graph 1, profile: opt is missing"),
    ],
)
def test_another_signature_or_place_is_refused(
    copy: Path, change: dict[str, object], message: str
) -> None:
    manifest = read(copy)
    manifest["graphs"][0] |= change
    write(copy, manifest)
    with pytest.raises(GraphError, match=message):
        Engine.open(ModelRepository.open(copy))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "manifest.json is not JSON: "),
        ("[]", "manifest.json must be an object"),
        ("{}", "manifest.json: format is missing"),
        ('{"format": 3}', "manifest.json: format must be 2: got 3"),
        ('{"format": 2}', "manifest.json: graphs is missing"),
        ('{"format": 2, "graphs": {}}', "manifest.json: graphs must be a list"),
        ('{"format": 2, "graphs": [{}]}', "manifest.json, graph 1: name is missing"),
        ('{"format": 2, "graphs": [5]}', "manifest.json, graph 1 must be an object"),
    ],
)
def test_what_is_no_manifest_is_refused_and_says_why(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(GraphError) as refused:
        ModelRepository.open(tmp_path)
    assert str(refused.value).startswith(message)


def test_a_graph_listed_twice_is_refused(copy: Path) -> None:
    manifest = read(copy)
    manifest["graphs"].append(manifest["graphs"][0])
    write(copy, manifest)
    with pytest.raises(GraphError, match="twice"):
        ModelRepository.open(copy)


def test_a_folder_without_graphs_is_named_as_given_and_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    with pytest.raises(GraphError) as refused:
        find_graphs(folder)
    assert str(refused.value) == (
        f"no exported graphs in folder {str(folder)!r}: run `boxgauge export` first"
    )


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input pred must be given"),
        ({"pred": np.zeros((2, 4))}, "input pred must be float32: got float64"),
        (
            {"pred": np.zeros((2, 3), np.float32)},
            r"input pred must be of shape \[n=2, 4\]: got \[2, 3\]",
        ),
        (
            {"pred": np.zeros((2, 4), np.float32), "target": np.zeros((3, 4), np.float32)},
            r"input target must be of shape \[n=2, 4\]: got \[3, 4\]",
        ),
        ({"boxes": np.zeros((2, 4), np.float32)}, "'boxes'"),
    ],
)
def test_bad_inputs_name_what_is_wrong(
    engine: Engine, inputs: dict[str, np.ndarray[Any, Any]], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        engine.run("giou_loss", inputs)


def test_unknown_graphs_versions_and_providers_are_refused(
    engine: Engine, repository: ModelRepository
) -> None:
    with pytest.raises(NotFoundError, match="there is no graph 'nothing'"):
        engine.run("nothing", {})
    with pytest.raises(NotFoundError, match="has version 1: got '9'"):
        engine.graph("giou_loss", "9")
    with pytest.raises(InvalidInputError, match="providers must be one of cpu, cuda, tensorrt"):
        Engine.open(repository, providers=("tpu",))


def test_a_provider_that_is_not_there_is_said_and_not_claimed(
    repository: ModelRepository, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine.open(repository, providers=("tensorrt", "cpu"), names=["bce_loss"])
    assert engine.provider == "cpu"
    assert "provider tensorrt is not in this build of ONNX Runtime" in caplog.text
