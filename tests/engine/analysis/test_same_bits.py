"""The graphs on ONNX Runtime and the kernels in eager PyTorch give the same bits on a CPU."""

import numpy as np
import pytest
import torch

from boxgauge.engine import Engine
from boxgauge.export.entries.certified import CERTIFIED
from boxgauge.export.entries.errors import ERRORS
from boxgauge.export.entry import Entry


@pytest.mark.parametrize("entry", [*CERTIFIED, *ERRORS], ids=lambda entry: entry.name)
def test_graph_and_kernel_give_the_same_bits(engine: Engine, entry: Entry) -> None:
    draw = torch.Generator().manual_seed(3)
    assert entry.parity_examples is not None
    examples = [entry.example(n, draw) for n in (0, 1, 2, 60, 400)]
    for inputs in (*examples, *entry.parity_examples(draw)):
        ports = zip(entry.inputs, inputs, strict=True)
        found = engine.run(entry.name, {port.name: tensor.numpy() for port, tensor in ports})
        for port, wanted in zip(entry.outputs, entry(*inputs), strict=True):
            np.testing.assert_array_equal(found[port.name], wanted.numpy(), strict=True)
