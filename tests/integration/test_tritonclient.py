"""An unchanged tritonclient, in a process of its own, describes and runs every served graph."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from boxgauge.export import Entry, catalog, read_manifest
from boxgauge.export.gradient import gradient_entry
from boxgauge.export.parity import TOLERANCES, relative_error
from tests.integration.servers import Served

PEER = Path(__file__).with_name("triton_peer.py")
SERVED_FAMILIES = {"loss", "gradient", "metric"}
SIZES = (0, 1, 2, 100)
TRITON = {"float32": "FP32", "float64": "FP64", "int64": "INT64", "int8": "INT8", "bool": "BOOL"}


def served_entries() -> Iterator[Entry]:
    for entry in catalog().values():
        if entry.family in SERVED_FAMILIES:
            yield entry
            if entry.gradient_of:
                yield gradient_entry(entry)


ENTRIES = {entry.name: entry for entry in served_entries()}
every_graph = pytest.mark.parametrize("name", ENTRIES)


def cases(entry: Entry) -> list[tuple[torch.Tensor, ...]]:
    """Return inputs of several sizes, none among them, and the extremes of the catalog."""
    generator = torch.Generator().manual_seed(11)
    drawn = [entry.example(n, generator) for n in SIZES]
    return drawn + list(entry.parity_examples(generator) if entry.parity_examples else ())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cases, as files for the peer; its answers come to lie beside them."""
    made = tmp_path_factory.mktemp("triton")
    for name, entry in ENTRIES.items():
        for k, inputs in enumerate(cases(entry)):
            arrays = {p.name: x.numpy() for p, x in zip(entry.inputs, inputs, strict=True)}
            np.savez(made / f"{name}.{k}.in.npz", **arrays)
    return made


@pytest.fixture(scope="module")
def seen(server: Served, folder: Path) -> dict[str, Any]:
    """What the peer was told; after this its answers are in the folder."""
    done = subprocess.run(
        [sys.executable, PEER, server.address, folder],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_every_loss_gradient_and_metric_of_the_manifest_is_asked_for(graphs_dir: Path) -> None:
    manifest = read_manifest(graphs_dir)
    assert set(ENTRIES) == {each.name for each in manifest if each.family in SERVED_FAMILIES}
    losses = [each for each in manifest if each.family == "loss"]
    assert {each.gradient_graph for each in losses} <= set(ENTRIES)


def test_the_server_is_live_ready_and_names_itself(seen: dict[str, Any]) -> None:
    assert (seen["live"], seen["ready"]) == (True, True)
    assert seen["server"]["name"] == "boxgauge"
    assert seen["server"]["version"]


@every_graph
def test_a_graph_is_ready_and_described_as_in_the_catalog(
    name: str, seen: dict[str, Any], graphs_dir: Path
) -> None:
    told, record = seen["graphs"][name], read_manifest(graphs_dir)[name]
    assert told["ready"] is True
    assert told["metadata"]["name"] == told["config"]["name"] == name
    assert told["metadata"]["versions"] == ["1"]
    # JSON leaves out protobuf's zeros; 0 says that the first axis is boxes, not requests.
    assert told["config"].get("max_batch_size", 0) == 0
    for side, ports in (("input", record.inputs), ("output", record.outputs)):
        # int64 is text in protobuf's JSON.
        shapes = [[str(-1 if isinstance(n, str) else n) for n in port.shape] for port in ports]
        types = [TRITON[port.dtype] for port in ports]
        metadata, config = told["metadata"][f"{side}s"], told["config"][side]
        names = [port.name for port in ports]
        assert [each["name"] for each in metadata] == names
        assert [each["name"] for each in config] == names
        assert [each["datatype"] for each in metadata] == types
        assert [each["data_type"] for each in config] == [f"TYPE_{each}" for each in types]
        assert [each["shape"] for each in metadata] == shapes
        assert [each["dims"] for each in config] == shapes


@pytest.mark.parametrize("way", ["out", "stream"])
@every_graph
def test_what_is_inferred_equals_pytorch(
    name: str, way: str, seen: dict[str, Any], folder: Path
) -> None:
    entry = ENTRIES[name]
    for k, inputs in enumerate(cases(entry)):
        with np.load(folder / f"{name}.{k}.{way}.npz") as answer:
            for port, expected in zip(entry.outputs, entry(*inputs), strict=True):
                found, wanted = answer[port.name], expected.numpy()
                assert found.dtype == wanted.dtype, port.name
                if port.is_floating:
                    # relative_error is max|a - b| / max(1, max|b|), and raises on shapes.
                    assert relative_error(found, wanted) <= TOLERANCES[port.dtype], port.name
                else:
                    np.testing.assert_array_equal(found, wanted, err_msg=port.name)


def test_the_tolerance_is_the_one_that_is_promised() -> None:
    assert TOLERANCES["float32"] == 1e-5
    assert TOLERANCES["float64"] <= 1e-12


def test_the_monitors_own_graphs_and_unknown_ones_are_not_found(seen: dict[str, Any]) -> None:
    assert set(seen["refused"].values()) == {"StatusCode.NOT_FOUND"}


def test_a_bad_request_in_a_stream_is_answered_and_the_stream_goes_on(
    seen: dict[str, Any],
) -> None:
    assert "input pred must be of shape [n=2, 4]" in seen["stream_error"]
