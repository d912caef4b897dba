"""Every exported graph, run by ONNX Runtime, beside the eager kernel."""

import getpass
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from boxgauge.export import Entry, Manifest, catalog
from boxgauge.export.gradient import gradient_entry
from boxgauge.export.parity import TOLERANCES, open_session, relative_error

ROOT = Path(__file__).resolve().parents[2]


def _graphs() -> Iterator[Entry]:
    for entry in catalog().values():
        yield entry
        if entry.gradient_of:
            yield gradient_entry(entry)


GRAPHS = {entry.name: entry for entry in _graphs()}
every_graph = pytest.mark.parametrize("name", GRAPHS)


@pytest.fixture(scope="session")
def sessions(graphs_dir: Path, manifest: Manifest) -> dict[str, onnxruntime.InferenceSession]:
    return {
        record.name: open_session(record.name, (graphs_dir / record.file).read_bytes())
        for record in manifest
    }


def _run(
    session: onnxruntime.InferenceSession, entry: Entry, inputs: tuple[torch.Tensor, ...]
) -> list[np.ndarray]:
    feeds = {port.name: x.numpy() for port, x in zip(entry.inputs, inputs, strict=True)}
    outputs: list[np.ndarray] = session.run(None, feeds)
    return outputs


def _assert_same(entry: Entry, session: onnxruntime.InferenceSession, inputs: tuple) -> None:
    for port, actual, expected in zip(
        entry.outputs, _run(session, entry, inputs), entry(*inputs), strict=True
    ):
        assert actual.shape == tuple(expected.shape), port.name
        assert actual.dtype.name == port.dtype, port.name
        if port.is_floating:
            error = relative_error(actual, expected.numpy())
            assert error <= TOLERANCES[port.dtype], port.name
        else:
            np.testing.assert_array_equal(actual, expected.numpy(), err_msg=port.name)


@pytest.mark.parametrize("n", [0, 1, 100])
@every_graph
def test_the_graph_equals_eager_code(
    name: str, n: int, sessions: dict[str, onnxruntime.InferenceSession]
) -> None:
    inputs = GRAPHS[name].example(n, torch.Generator().manual_seed(100 + n))
    _assert_same(GRAPHS[name], sessions[name], inputs)


@every_graph
def test_the_graph_stays_right_and_finite_at_extremes(
    name: str, sessions: dict[str, onnxruntime.InferenceSession]
) -> None:
    entry = GRAPHS[name]
    if entry.parity_examples is None:
        pytest.skip("the entry names no extremes")
    for inputs in entry.parity_examples(torch.Generator().manual_seed(7)):
        _assert_same(entry, sessions[name], inputs)
        if entry.family in {"loss", "gradient"}:
            assert all(np.isfinite(output).all() for output in _run(sessions[name], entry, inputs))


@every_graph
def test_the_graph_carries_the_ports_and_nothing_else(
    name: str, graphs_dir: Path, manifest: Manifest
) -> None:
    model = onnx.load(graphs_dir / manifest[name].file)
    entry = GRAPHS[name]

    for values, ports in (
        (model.graph.input, entry.inputs),
        (model.graph.output, entry.outputs),
    ):
        shapes = [
            tuple(dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim)
            for value in values
        ]
        assert [value.name for value in values] == [port.name for port in ports]
        assert shapes == [port.shape for port in ports]
    assert [(item.domain, item.version) for item in model.opset_import] == [("", 20)]
    assert not model.metadata_props
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)


@every_graph
def test_the_graph_does_not_name_the_building_machine(
    name: str, graphs_dir: Path, manifest: Manifest
) -> None:
    content = (graphs_dir / manifest[name].file).read_bytes()
    for secret in (ROOT, Path.home(), sys.prefix, f"/{getpass.getuser()}", "site-packages", ".py"):
        assert str(secret).encode() not in content


def test_the_gradient_of_ap_loss_is_the_error_driven_update(
    sessions: dict[str, onnxruntime.InferenceSession],
) -> None:
    entry = GRAPHS["ap_loss_gradient"]
    logits, labels = torch.tensor([0.0, 5.0, -5.0]), torch.tensor([1.0, 0.0, 0.0])
    loss, update = _run(sessions["ap_loss_gradient"], entry, (logits, labels))

    # One positive below one negative: precision 1/2. The derivative of the saturated ramp
    # would be 0; the update moves both by the error.
    np.testing.assert_allclose(loss, [0.5], rtol=1e-6)
    np.testing.assert_allclose(update, [-0.5, 0.5, 0.0], rtol=1e-6)


def test_the_trade_off_of_ciou_is_a_constant_to_the_gradient(
    sessions: dict[str, onnxruntime.InferenceSession],
) -> None:
    pred = torch.tensor([[0.0, 0.0, 10.0, 30.0]])
    target = torch.tensor([[0.0, 0.0, 14.0, 30.0]])
    entry = GRAPHS["ciou_loss_gradient"]
    _, exported = _run(sessions["ciou_loss_gradient"], entry, (pred, target))

    step = torch.tensor([[0.0, 0.0, 1e-2, 0.0]])
    kernel = catalog()["ciou_loss"]
    slope = (kernel(pred + step, target)[0] - kernel(pred - step, target)[0]) / 2e-2

    # A finite difference moves alpha too, so that the two must disagree here.
    assert abs(exported[0, 2] - slope.item()) > 1e-5
