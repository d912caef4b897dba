"""The ONNX forms of operators against eager PyTorch, ties and empty inputs included."""

from collections.abc import Callable

import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from boxgauge.export.translations import translation_table


class Call(nn.Module):
    def __init__(self, kernel: Callable[[Tensor, Tensor], tuple[Tensor, ...]]) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, known: Tensor, sought: Tensor) -> tuple[Tensor, ...]:
        return self.kernel(known, sought)


def export(kernel: Callable[[Tensor, Tensor], tuple[Tensor, ...]]) -> onnxruntime.InferenceSession:
    exported = torch.onnx.export(
        Call(kernel).eval(),
        (torch.arange(5.0), torch.arange(7.0)),
        dynamo=True,
        opset_version=20,
        dynamic_shapes=({0: Dim("n", min=0)}, {0: Dim("m", min=0)}),
        input_names=["known", "sought"],
        custom_translation_table=translation_table(),
        verbose=False,
    )
    assert exported is not None
    return onnxruntime.InferenceSession(
        exported.model_proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def test_searchsorted_counts_what_is_before_on_either_side() -> None:
    def both(known: Tensor, sought: Tensor) -> tuple[Tensor, ...]:
        return (
            torch.searchsorted(known, sought, right=True),
            torch.searchsorted(known, sought),
        )

    session = export(both)
    for known, sought in (
        ([], []),
        ([], [1.0, 0.0]),
        ([2.0], []),
        ([0.0, 1.0, 1.0, 1.0, 4.0], [1.0, 0.0, 9.0, -9.0, 1.0, 4.0, 0.5]),
    ):
        inputs = torch.tensor(known), torch.tensor(sought)
        feeds = {"known": inputs[0].numpy(), "sought": inputs[1].numpy()}
        for actual, expected in zip(session.run(None, feeds), both(*inputs), strict=True):
            assert actual.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "values", [[1.0], [3.0, 1.0, 1.0, 2.0, 0.0, 0.0], [*map(float, range(40, 0, -1))]]
)
def test_cummin_keeps_the_last_of_equals(values: list[float]) -> None:
    def least(known: Tensor, sought: Tensor) -> tuple[Tensor, ...]:
        lowest, position = torch.cat((known, sought)).cummin(0)
        return lowest, position

    inputs = torch.tensor(values[:2]), torch.tensor(values[2:])
    feeds = {"known": inputs[0].numpy(), "sought": inputs[1].numpy()}
    for actual, expected in zip(export(least).run(None, feeds), least(*inputs), strict=True):
        assert actual.tolist() == expected.tolist()
