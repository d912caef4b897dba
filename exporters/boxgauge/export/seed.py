"""The derivative of a sum, as the number 1 rather than as a tensor of ones."""

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import statically_known_true

_ATEN = torch.ops.aten
_SHAPE_ONLY = {_ATEN.expand.default, _ATEN.unsqueeze.default}
_PAIRWISE = {_ATEN.mul.Tensor, _ATEN.div.Tensor, _ATEN.add.Tensor, _ATEN.sub.Tensor}


def keep_seed_a_number(module: fx.GraphModule) -> None:
    """Drop, from a traced gradient, the expansions of numbers that broadcasting makes needless.

    Every gradient begins with ones in the shape of the loss, and the sum over a row expands them
    further. ONNX Runtime takes longer for that than for all the rest of an L1 gradient. PyTorch
    computes the same bits either way.
    """
    numbers: dict[fx.Node, fx.Node] = {}  # by the tensor that repeats them
    for node in module.graph.nodes:
        if node.target in _SHAPE_ONLY:
            source = node.args[0]
            if source in numbers or source.meta["val"].ndim == 0:
                numbers[node] = numbers.get(source, source)
        elif node.target is _ATEN.neg.default and node.args[0] in numbers:
            with module.graph.inserting_before(node):
                numbers[node] = module.graph.call_function(
                    _ATEN.neg.default, (numbers[node.args[0]],)
                )
        elif node.target in _PAIRWISE:
            repeated = [each for each in node.all_input_nodes if each in numbers]
            whole = [each for each in node.all_input_nodes if each not in numbers]
            if len(repeated) == 1 and any(_is_like(each, node) for each in whole):
                node.replace_input_with(repeated[0], numbers[repeated[0]])
    module.graph.eliminate_dead_code()
    module.recompile()


def _is_like(node: fx.Node, other: fx.Node) -> bool:
    one, two = (each.meta["val"] for each in (node, other))
    return (
        isinstance(one, torch.Tensor)
        and one.dtype == two.dtype
        and one.ndim == two.ndim
        and all(statically_known_true(a == b) for a, b in zip(one.shape, two.shape, strict=True))
    )
