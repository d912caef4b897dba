"""Running maxima, which ONNX has no operator for, by doubling."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch._higher_order_ops.while_loop import while_loop


def maximum_from_here(values: Float[Tensor, " n"], last: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Return the maximum of ``values[i]`` to ``values[last[i]]``, ends included, for each i.

    Args:
        values: The values, segment after segment.
        last: Last row of each row's segment.

    Returns:
        The maxima, after as many passes over the values as the longest segment has bits.
    """
    place = torch.arange(values.shape[0], device=values.device)
    # Rows to the end of the longest segment; a spare one, since nothing has no maximum.
    longest = torch.cat([last - place, place.new_zeros(1)]).amax(0, keepdim=True)

    def double(best: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
        """Widen what each maximum spans from ``reach`` rows to twice as many."""
        ahead = torch.minimum(place + reach, last)
        return torch.maximum(best, torch.gather(best, 0, ahead)), reach * 2

    best, reach = values.clone(), torch.ones_like(longest)
    if torch.compiler.is_exporting():
        best, _ = while_loop(  # type: ignore[no-untyped-call]  # torch has no types here
            lambda _best, reach: (reach <= longest).squeeze(0), double, (best, reach)
        )
    else:
        while bool(reach <= longest):
            best, reach = double(best, reach)
    return best
