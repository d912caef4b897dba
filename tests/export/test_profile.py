"""The shapes that TensorRT engines are built for."""

import math

import pytest
import torch

from boxgauge.export import Entry, Manifest, Port, catalog
from boxgauge.export.ports import symbols
from boxgauge.export.profile import MAX_ELEMENTS, InputRange, profile, shapes

BOXES = tuple(Port(name, "float32", ("n", 4)) for name in ("pred", "target"))


def test_paired_boxes_go_from_one_to_a_hundred_thousand() -> None:
    assert profile(BOXES) == (
        InputRange("pred", (1, 4), (1000, 4), (100_000, 4)),
        InputRange("target", (1, 4), (1000, 4), (100_000, 4)),
    )


def test_images_are_fewer_than_boxes() -> None:
    (masks,) = profile([Port("prob", "float32", ("n", "k", "p"))])
    assert masks == InputRange("prob", (1, 1, 1), (4, 8, 65_536), (16, 32, 262_144))


def test_an_input_of_fixed_shape_needs_no_range() -> None:
    ports = [*BOXES, Port("weights", "float32", (3,))]
    assert [each.name for each in profile(ports)] == ["pred", "target"]


def test_a_size_with_an_unknown_name_gets_a_modest_range() -> None:
    assert profile([Port("x", "float32", ("q",))]) == (InputRange("x", (1,), (16,), (256,)),)


def test_what_tensorrt_cannot_count_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x: .* is too large for TensorRT"):
        profile([Port("x", "float32", ("n", "m"))])


def test_the_options_are_spelled_as_the_provider_reads_them() -> None:
    assert shapes(profile(BOXES)) == {
        "trt_profile_min_shapes": "pred:1x4,target:1x4",
        "trt_profile_opt_shapes": "pred:1000x4,target:1000x4",
        "trt_profile_max_shapes": "pred:100000x4,target:100000x4",
    }


def test_every_ready_graph_has_a_range_for_each_input_with_a_free_size(manifest: Manifest) -> None:
    for record in manifest:
        free = [port for port in record.inputs if symbols([port])] if record.tensorrt else []
        assert [each.name for each in record.profile] == [port.name for port in free]
        for port, each in zip(free, record.profile, strict=True):
            assert math.prod(each.max) <= MAX_ELEMENTS
            for size, *bounds in zip(port.shape, each.min, each.opt, each.max, strict=True):
                assert 1 <= bounds[0] <= bounds[1] <= bounds[2]
                assert isinstance(size, str) or set(bounds) == {size}


@pytest.mark.parametrize("n", [1, 2, 16])
@pytest.mark.parametrize(
    "entry", [each for each in catalog().values() if each.tensorrt], ids=lambda entry: entry.name
)
def test_the_examples_of_the_catalog_lie_within(entry: Entry, n: int) -> None:
    ranges = {each.name: each for each in profile(entry.inputs)}
    drawn = entry.example(n, torch.Generator().manual_seed(n))
    for port, tensor in zip(entry.inputs, drawn, strict=True):
        if port.name in ranges:
            bounds = ranges[port.name]
            for least, size, most in zip(bounds.min, tensor.shape, bounds.max, strict=True):
                assert least <= size <= most, port.name


def test_a_symbol_has_one_range_in_a_graph(manifest: Manifest) -> None:
    for record in manifest:
        ports = {port.name: port for port in record.inputs}
        seen: dict[str, tuple[int, ...]] = {}
        for each in record.profile:
            shape = ports[each.name].shape
            for size, *bounds in zip(shape, each.min, each.opt, each.max, strict=True):
                if isinstance(size, str):
                    assert seen.setdefault(size, tuple(bounds)) == tuple(bounds)
