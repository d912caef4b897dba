import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from boxgauge.export import (
    ExportError,
    GraphRecord,
    Manifest,
    catalog,
    export_all,
    read_manifest,
)
from boxgauge.export.manifest import sha256
from boxgauge.export.repository import replacing
from boxgauge.export.sources import producer_versions, source_digests

RECORD_KEYS = {
    "name", "version", "family", "inputs", "outputs", "gradient", "gradient_graph", "gradient_of",
    "topic", "per_pair", "opset", "sha256", "file", "parity", "tensorrt", "obstacles",
    "profile", "reference", "sources",
}  # fmt: skip

PARSE = """
import json, sys
from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2 as pb
for path in sys.argv[1:]:
    config = text_format.Parse(open(path).read(), pb.ModelConfig())
    print(json.dumps(json_format.MessageToDict(config, preserving_proto_field_name=True)))
"""


@pytest.fixture
def copy(graphs_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graphs_dir, tmp_path / "graphs"))


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def _inodes(folder: Path) -> set[int]:
    return {file.stat().st_ino for file in folder.rglob("*")}


def test_the_manifest_is_of_format_2(graphs_dir: Path) -> None:
    content = json.loads((graphs_dir / "manifest.json").read_text())

    assert set(content) == {"format", "producer", "graphs"}
    assert content["format"] == 2
    assert content["producer"] == producer_versions()
    for graph in content["graphs"]:
        assert set(graph) == RECORD_KEYS
        assert graph["opset"] == 20
        assert graph["tensorrt"] == (not graph["obstacles"])
        assert (graph["topic"] is not None) == (graph["family"] in {"loss", "gradient"})
        assert graph["file"] == f"{graph['name']}/{graph['version']}/model.onnx"
        for port in (*graph["inputs"], *graph["outputs"]):
            assert set(port) == {"name", "dtype", "shape"}
            assert port["shape"]


def test_the_manifest_lists_the_catalog_and_its_gradients(manifest: Manifest) -> None:
    expected = [
        name
        for entry in catalog().values()
        for name in (entry.name, entry.gradient_graph)
        if name is not None
    ]
    assert [record.name for record in manifest] == expected
    for record in manifest:
        if record.gradient_graph is not None:
            assert record.gradient
            assert manifest[record.gradient_graph].gradient_of == record.name


def test_a_gradient_graph_returns_what_its_loss_does_and_then_gradients(
    manifest: Manifest,
) -> None:
    for record in manifest:
        if record.gradient_of is not None:
            loss, entry = manifest[record.gradient_of], catalog()[record.gradient_of]
            assert record.inputs == loss.inputs
            assert record.outputs[: len(loss.outputs)] == loss.outputs
            found = {port.name: port.shape for port in record.outputs[len(loss.outputs) :]}
            shapes = {port.name: port.shape for port in loss.inputs}
            assert found == {f"grad_{name}": shapes[name] for name in entry.gradient_of}


def test_a_graph_and_its_gradient_name_the_sources_of_their_entry(manifest: Manifest) -> None:
    digests = source_digests(catalog().values(), producer_versions())
    for record in manifest:
        assert record.sources == digests[record.gradient_of or record.name]


def test_every_file_has_the_hash_of_the_manifest(graphs_dir: Path, manifest: Manifest) -> None:
    for record in manifest:
        assert sha256((graphs_dir / record.file).read_bytes()) == record.sha256


def test_parity_is_within_the_tolerance(manifest: Manifest) -> None:
    assert all(0 <= record.parity <= 1e-5 for record in manifest)


@pytest.fixture(scope="module")
def configs(graphs_dir: Path, manifest: Manifest) -> dict[str, dict[str, Any]]:
    """What Triton's own message makes of each config.pbtxt."""
    # A process of its own: tritonclient's messages cannot share one with ours.
    paths = [str(graphs_dir / record.name / "config.pbtxt") for record in manifest]
    command = [sys.executable, "-c", PARSE, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    parsed = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip([record.name for record in manifest], parsed, strict=True))


def test_triton_parses_every_signature(
    configs: dict[str, dict[str, Any]], manifest: Manifest
) -> None:
    types = {"float32": "TYPE_FP32", "float64": "TYPE_FP64"}
    for record in manifest:
        config = configs[record.name]
        assert (config["name"], config["platform"]) == (record.name, "onnxruntime_onnx")
        # JSON leaves out protobuf's zeros; 0 says that the first axis counts rows, not requests.
        assert config.get("max_batch_size", 0) == 0
        # int64 is text in protobuf's JSON.
        assert config["version_policy"]["specific"]["versions"] == [str(record.version)]
        for side, ports in (("input", record.inputs), ("output", record.outputs)):
            assert config[side] == [
                {
                    "name": port.name,
                    "data_type": types.get(port.dtype, f"TYPE_{port.dtype.upper()}"),
                    "dims": [str(-1 if isinstance(size, str) else size) for size in port.shape],
                }
                for port in ports
            ]


def test_triton_parses_the_profile_of_each_graph_that_is_ready_for_tensorrt(
    configs: dict[str, dict[str, Any]], manifest: Manifest
) -> None:
    for record in manifest:
        if not record.tensorrt:
            assert "optimization" not in configs[record.name]
            continue
        (accelerator,) = configs[record.name]["optimization"]["execution_accelerators"][
            "gpu_execution_accelerator"
        ]
        assert accelerator["name"] == "tensorrt"
        parameters = accelerator["parameters"]
        assert parameters.pop("precision_mode") == "FP32"
        assert {key: dict(_shapes(text)) for key, text in parameters.items()} == {
            f"trt_profile_{which}_shapes": {
                each.name: getattr(each, which) for each in record.profile
            }
            for which in ("min", "opt", "max")
        }


def _shapes(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    for each in text.split(","):
        name, _, shape = each.partition(":")
        yield name, tuple(map(int, shape.split("x")))


def test_what_is_up_to_date_is_left_alone(copy: Path) -> None:
    before = _inodes(copy)
    manifest = export_all(copy)
    assert _inodes(copy) == before
    assert export_all(copy, names=["iou_loss"]) == manifest


def test_a_damaged_graph_is_exported_again(copy: Path) -> None:
    manifest = read_manifest(copy)
    file = copy / manifest["smooth_l1_loss"].file
    intact = file.read_bytes()
    file.write_bytes(intact[:-1] + b"?")
    told: list[tuple[str, int, int]] = []

    again = export_all(copy, names=["smooth_l1_loss"], progress=lambda *step: told.append(step))

    assert file.read_bytes() == intact
    assert told == [("smooth_l1_loss", 1, 2), ("smooth_l1_loss_gradient", 2, 2)]
    assert [record.name for record in again] == ["smooth_l1_loss", "smooth_l1_loss_gradient"]
    assert again["smooth_l1_loss"] == manifest["smooth_l1_loss"]
    assert again == read_manifest(copy)


def _rewritten(folder: Path, graphs: list[GraphRecord]) -> Manifest:
    manifest = replace(read_manifest(folder), graphs=tuple(graphs))
    manifest.write(folder)
    return manifest


def test_only_what_was_made_from_other_sources_is_exported_again(copy: Path) -> None:
    manifest = read_manifest(copy)
    before = _contents(copy)
    _rewritten(
        copy,
        [replace(each, sources="0") if each.name == "iou_loss" else each for each in manifest],
    )
    told: list[tuple[str, int, int]] = []

    assert export_all(copy, progress=lambda *step: told.append(step)) == manifest

    assert told == [("iou_loss", 1, 2), ("iou_loss_gradient", 2, 2)]
    assert _contents(copy) == before


def test_what_left_the_catalog_leaves_the_folder(copy: Path) -> None:
    manifest = read_manifest(copy)
    before = _contents(copy)
    shutil.copytree(copy / "report", copy / "old_report")
    _rewritten(copy, [*manifest, replace(manifest["report"], name="old_report")])

    assert export_all(copy, progress=_must_not_export) == manifest
    assert _contents(copy) == before


def test_configurations_are_written_again_without_an_export(copy: Path) -> None:
    before = _contents(copy)
    (copy / "iou_loss" / "config.pbtxt").write_text("platform: 'other'")
    (copy / "focal_loss" / "config.pbtxt").unlink()

    export_all(copy, progress=_must_not_export)
    assert _contents(copy) == before


def _must_not_export(name: str, done: int, total: int) -> None:
    raise AssertionError(f"{name} is exported")


def test_an_interrupted_export_leaves_the_old_folder(copy: Path) -> None:
    before = _contents(copy)

    def interrupt(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_all(copy, names=["smooth_l1_loss"], force=True, progress=interrupt)

    assert _contents(copy) == before
    assert [path.name for path in copy.parent.iterdir()] == ["graphs"]


def test_a_failure_leaves_no_folder_where_there_was_none(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with replacing(tmp_path / "graphs") as folder:
            (folder / "half").write_text("written")
            raise ExportError("no such kernel")

    with pytest.raises(ExportError, match="no such kernel"):
        fail_half_way()
    assert not any(tmp_path.iterdir())


def test_a_folder_of_other_things_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ExportError, match="neither empty nor a repository of graphs"):
        export_all(tmp_path, names=["iou_loss"])
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no such catalog entry: no_loss"):
        export_all(tmp_path / "graphs", names=["iou_loss", "no_loss"])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 3}', '{"format": 2, "graphs": 3}'])
def test_what_is_not_a_manifest_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=r"manifest\.json|Expecting value"):
        read_manifest(tmp_path)


def test_others_may_read_the_repository(graphs_dir: Path) -> None:
    assert graphs_dir.stat().st_mode & 0o555 == 0o555
