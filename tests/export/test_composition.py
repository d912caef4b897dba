"""Described total losses as graphs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from boxgauge.engine import ModelRepository
from boxgauge.export import ExportError, catalog, export_composition, read_manifest
from boxgauge.export.composition import composition_entry
from boxgauge.export.onnx_export import _trace_inputs
from boxgauge.export.parity import SIZES, cases, open_session, relative_error
from boxgauge.export.ports import bind
from boxgauge.losses.composition import Composition
from boxgauge.losses.registry import loss_modules
from boxgauge.losses.terms import DescriptionError
from tests.conftest import ROOT

FILES = sorted((ROOT / "examples" / "compositions").glob("*.json"))
Arrays = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="module", params=FILES, ids=[file.stem for file in FILES])
def description(request: pytest.FixtureRequest) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(request.param.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def folder(description: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compositions") / description["name"]
    export_composition(description, out)
    return out


def drawn(composition: Composition, n: int) -> Arrays:
    entry = composition_entry(composition)
    inputs = entry.example(n, torch.Generator().manual_seed(3))
    return {port.name: x.numpy() for port, x in zip(entry.inputs, inputs, strict=True)}


def run(folder: Path, name: str, arrays: Arrays) -> Arrays:
    repository = ModelRepository.open(folder)
    spec = repository.graphs[name]
    outputs = [port.name for port in spec.outputs]
    session = open_session(name, repository.model(spec))
    return dict(zip(outputs, session.run(outputs, arrays), strict=True))


@pytest.mark.parametrize("n", [0, 1, 2, 40])
def test_the_graph_computes_the_composition_and_its_gradient(
    n: int, description: dict[str, Any], folder: Path
) -> None:
    composition = Composition.from_description(description)
    arrays = drawn(composition, n)
    tensors = {name: torch.from_numpy(x).clone().requires_grad_() for name, x in arrays.items()}
    log_variances = tensors.pop("log_variances", None)
    expected = composition.evaluate(tensors, log_variances)
    expected.total.backward()

    forward = run(folder, composition.name, arrays)
    both = run(folder, f"{composition.name}_gradient", arrays)
    results = {"loss": expected.total, **expected.terms}
    assert [*forward] == [*results]
    for name, value in results.items():
        assert value.shape == (1,)
        assert relative_error(forward[name], value.detach().numpy()) < 1e-5
        assert relative_error(both[name], value.detach().numpy()) < 1e-5
    slopes = {name.removeprefix("grad_"): x for name, x in both.items() if name not in results}
    assert slopes
    for name, slope in slopes.items():
        leaf = log_variances if name == "log_variances" else tensors[name]
        assert leaf is not None
        assert leaf.grad is not None
        assert relative_error(slope, leaf.grad.numpy()) < 1e-5


def test_the_manifest_tells_what_it_is_made_of(folder: Path, description: dict[str, Any]) -> None:
    forward, gradient = manifest = [*read_manifest(folder)]
    assert [record.family for record in manifest] == ["loss", "gradient"]
    assert [record.topic for record in manifest] == ["total", "total"]
    assert gradient.gradient_of == forward.name == description["name"]
    assert all(record.parity < 1e-5 for record in manifest)
    for term in description["terms"]:
        assert catalog()[term["loss"]].reference in forward.reference
    for record in manifest:
        config = (folder / record.name / "config.pbtxt").read_text(encoding="utf-8")
        assert all(f'name: "{port.name}"' in config for port in (*record.inputs, *record.outputs))


def test_what_is_up_to_date_is_left_alone(folder: Path, description: dict[str, Any]) -> None:
    def refuse(name: str, done: int, total: int) -> None:
        raise AssertionError(f"{name} was exported again")

    assert export_composition(description, folder, progress=refuse) == read_manifest(folder)


def test_a_folder_of_other_graphs_is_not_replaced(
    folder: Path, description: dict[str, Any]
) -> None:
    before = read_manifest(folder)
    with pytest.raises(ExportError, match=f"holds other graphs, such as {description['name']}"):
        export_composition(description | {"name": "another"}, folder)
    assert read_manifest(folder) == before


def test_a_description_that_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    out = tmp_path / "graphs"
    with pytest.raises(DescriptionError, match=r"terms\[0\]: loss must be one of"):
        export_composition({"terms": [{"loss": "giu_loss"}]}, out)
    assert not out.exists()


def entry_of(*terms: Mapping[str, Any], **settings: str) -> Any:  # noqa: ANN401
    return composition_entry(Composition.from_description({"terms": list(terms), **settings}))


STATELESS = [name for name, module in loss_modules().items() if not module.signature.states]


@pytest.mark.parametrize("name", STATELESS)
def test_every_stateless_loss_can_be_a_term(name: str) -> None:
    entry = entry_of({"loss": name})
    original = catalog()[name]
    assert [port.shape for port in entry.inputs] == [port.shape for port in original.inputs]
    assert len(entry.gradient_of) == len(original.gradient_of)
    inputs = original.example(5, torch.Generator().manual_seed(0))
    names = dict(zip([port.name for port in entry.inputs], inputs, strict=True))
    total, term = entry(*names.values())
    torch.testing.assert_close(term, original(*inputs)[0].mean().reshape(1))
    torch.testing.assert_close(total, term)


MIXED = [
    {"loss": "lovasz_softmax_loss", "inputs": {"prob": "classes", "target": "class_masks"}},
    {"loss": "dice_loss", "inputs": {"prob": "mask", "target": "true_mask"}},
    {"loss": "varifocal_loss", "inputs": {"weight": "importance"}},
    {"loss": "giou_loss"},
    {"loss": "ciou_loss", "inputs": {"weight": "box_weights"}},
]


@pytest.mark.parametrize("n", SIZES)
def test_examples_fit_the_ports_however_the_terms_share(n: int) -> None:
    entry = entry_of(*MIXED, weighting="uncertainty")
    assert bind(entry.inputs, entry.example(n, torch.Generator().manual_seed(0)))


def test_extreme_examples_fit_too_and_give_finite_losses() -> None:
    entry = entry_of(*MIXED, weighting="uncertainty")
    count = 0
    for inputs in cases(entry, sizes=()):
        bind(entry.inputs, inputs)
        assert all(output.isfinite().all() for output in entry(*inputs))
        count += 1
    assert count > 20


def test_sizes_are_one_where_terms_share_a_tensor_and_apart_elsewhere() -> None:
    entry = entry_of(*MIXED)
    shapes = {port.name: port.shape for port in entry.inputs}
    assert shapes["pred"] == shapes["target"] == ("n_giou_loss", 4)
    assert shapes["box_weights"] == ("n_giou_loss",)
    assert shapes["logits"] == shapes["importance"] == ("n_varifocal_loss",)
    assert shapes["classes"] == ("n", "k", "p")
    assert shapes["mask"] == ("n_dice_loss", "p_dice_loss")


def test_an_example_for_tracing_has_a_size_of_its_own_for_every_symbol() -> None:
    sizes = bind((entry := entry_of(*MIXED)).inputs, _trace_inputs(entry))
    assert len(set(sizes.values())) == len(sizes)


def test_gradients_are_of_what_any_term_differentiates() -> None:
    assert entry_of(*MIXED).gradient_of == ("classes", "mask", "logits", "pred")


def test_a_tensor_that_is_declared_differently_is_refused() -> None:
    terms = ({"loss": "giou_loss", "inputs": {"weight": "x"}}, {"loss": "cross_entropy_loss"})
    renamed = terms[1] | {"inputs": {"target": "x"}}
    with pytest.raises((DescriptionError, ExportError), match="rename one by inputs"):
        entry_of(terms[0], renamed)


def test_an_output_that_has_a_gradient_s_name_is_refused() -> None:
    with pytest.raises(ExportError, match="grad_pred"):
        entry_of({"loss": "giou_loss", "name": "grad_pred"})
