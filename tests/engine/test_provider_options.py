"""What TensorRT is asked for, graph by graph: told from the manifest, without a GPU."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from boxgauge.engine import ModelRepository
from boxgauge.engine.provider_options import is_within, options, suited
from boxgauge.export.profile import shapes

ALL = ("tensorrt", "cuda", "cpu")
CACHE = Path("cache")


def test_tensorrt_is_asked_for_graphs_alone_that_it_takes_whole(
    repository: ModelRepository,
) -> None:
    asked = {name: suited(spec, ALL) for name, spec in repository.graphs.items()}
    assert asked["giou_loss"] == ALL
    # Float64: TensorRT would cast it to float32 without a word.
    assert asked["match"] == asked["report"] == asked["certified_report"] == ("cuda", "cpu")
    for name, spec in repository.graphs.items():
        types = {port.dtype for port in (*spec.inputs, *spec.outputs)}
        assert not ("tensorrt" in asked[name] and "float64" in types), name


def test_an_engine_is_built_for_the_profile_of_the_manifest(repository: ModelRepository) -> None:
    spec = repository.graphs["giou_loss"]
    found = options(spec, "tensorrt", None, "1.2.3")
    assert found["trt_profile_min_shapes"] == "pred:1x4,target:1x4"
    # The exporter writes them in the same form for Triton.
    assert found == shapes(spec.profile)  # type: ignore[arg-type]  # its own, alike, dataclass


@pytest.mark.parametrize("provider", ["cuda", "cpu"])
def test_other_providers_have_no_options(repository: ModelRepository, provider: str) -> None:
    assert options(repository.graphs["giou_loss"], provider, CACHE, "1.2.3") == {}


def test_an_engine_kept_is_never_that_of_another_graph_or_runtime(
    repository: ModelRepository,
) -> None:
    folders = {
        options(spec, "tensorrt", CACHE, runtime)["trt_engine_cache_path"]
        for spec in repository.graphs.values()
        for runtime in ("1.2.3", "1.2.4")
    }
    assert len(folders) == 2 * len(repository.graphs)
    spec = repository.graphs["giou_loss"]
    # Only a constant differs: the same nodes, another digest.
    other = replace(spec, sha256="0" * 64)
    kept = {
        options(each, "tensorrt", CACHE, "1.2.3")["trt_engine_cache_path"] for each in (spec, other)
    }
    assert len(kept) == 2
    assert all(folder.startswith("cache/onnxruntime-") for folder in folders | kept)


def test_nothing_is_kept_without_a_folder(repository: ModelRepository) -> None:
    found = options(repository.graphs["giou_loss"], "tensorrt", None, "1.2.3")
    assert not [name for name in found if "cache" in name]


@pytest.mark.parametrize(
    ("rows", "fits"), [(0, False), (1, True), (100_000, True), (100_001, False)]
)
def test_sizes_outside_of_the_profile_are_told(
    repository: ModelRepository, rows: int, fits: bool
) -> None:
    boxes = np.zeros((rows, 4), np.float32)
    profile = repository.graphs["giou_loss"].profile
    assert is_within(profile, {"pred": boxes, "target": boxes}) is fits
