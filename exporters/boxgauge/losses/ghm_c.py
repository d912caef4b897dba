"""GHM-C: cross entropy whose rows weigh less where many have the same gradient."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import at_least_float32
from boxgauge.losses.logits import surprises
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside

# Below any density, which is at least 1 - momentum.
_EMPTY = 1e-12


class GHMC(NamedTuple):
    """The loss of each row, and the counts to hand in with the next batch."""

    loss: Float[Tensor, "n"]
    next_bin_counts: Float[Tensor, "bins"]


def ghm_c_loss(
    logits: Float[Tensor, "n"],
    target: Float[Tensor, "n"],
    bin_counts: Float[Tensor, "bins"],
    *,
    momentum: float = 0.75,
    regions: Literal["occupied", "all"] = "occupied",
) -> GHMC:
    r"""Return the gradient-harmonised cross entropy of each logit, and the next counts.

    The length of the gradient, :math:`g = |\sigma(x) - t|`, is counted in bins of equal
    width over [0, 1]. With :math:`R_i` of the N rows in bin i, and :math:`M` regions,

    .. math::
        S_i = \alpha S_i' + (1 - \alpha) R_i, \quad
        L = \frac{N}{M\,S_{i(g)}} \; BCE(x, t)

    so that every region adds about as much gradient, however many rows it has. The
    weight is a constant to the gradient.

    Args:
        logits: Any finite numbers.
        target: Labels in [0, 1], paired with ``logits`` by row; a row with a negative
            label is ignored.
        bin_counts: The running counts :math:`S'`, not negative; as many as bins are wanted
            (the paper: 30, its code by default: 10). Zeros to begin with.
        momentum: Share :math:`\alpha` of the old counts, in [0, 1); 0 forgets them. The
            default is the paper's; mmdetection's code has 0, its configuration 0.75.
        regions: What :math:`M` is: ``"occupied"``: how many bins have a row in this batch,
            as in the authors' code and mmdetection; ``"all"``: how many there are, as in
            the paper.

    Returns:
        One loss per row, in nats, at least 0, and the counts :math:`S`. The mean over the
        rows that count is the authors' loss. Without momentum the weights of a batch have
        mean 1 (``"occupied"``).

    Edges:
        A bin without rows keeps its count, so an empty batch changes nothing. Counts that
        begin at 0 are too small at first, and the weights up to ``1 / (1 - momentum)``
        times too large, as in the authors' code; begin with the counts of a first batch
        to avoid it. A gradient of exactly 1 falls into the last bin. Logits of 1e4 are
        safe; half precision is widened to float32, also that of the counts. The weight of
        a lonely row grows with N: with float16 logits take the mean, since the gradient
        of a sum may not fit. An ignored row costs 0 and is counted nowhere.

    When to use:
        Dense detectors, instead of focal loss, where both the easy background and the
        outliers (mislabelled boxes) shall count for less. It needs batches large enough
        to fill the bins, and the counts to be carried along.

    Raises:
        ValueError: ``momentum`` is outside [0, 1), ``regions`` is neither of the two,
            there are no bins, or logits and labels do not pair up.

    References:
        Li et al., "Gradient Harmonized Single-stage Detector", AAAI 2019,
        GHM-C with unit regions and moving average.
        https://arxiv.org/abs/1811.05181
    """
    refuse_outside("[0, 1)", momentum=momentum)
    if regions not in ("occupied", "all"):
        raise ValueError(f'regions must be "occupied" or "all": got {regions!r}')
    if bin_counts.ndim != 1:
        raise ValueError(f"bin_counts must be of shape [bins]: got {[*bin_counts.shape]}")
    bins = bin_counts.shape[0]
    # While exporting, the number of bins is a symbol and must not be compared.
    if isinstance(bins, int) and bins == 0:
        raise ValueError("there must be at least one bin: got 0")

    logits, target = paired(logits, target, "n")
    counted = (target >= 0).to(logits.dtype)
    if_positive, if_negative = surprises(logits)
    cross_entropy = target * if_positive + (1 - target) * if_negative

    numbers = torch.arange(bins, device=logits.device).to(logits.dtype)
    all_bins = torch.ones_like(numbers).sum()
    length = (logits.detach().sigmoid() - target).abs()
    bin_of = torch.minimum((length * all_bins).floor(), all_bins - 1)
    in_bin = (bin_of.unsqueeze(-1) == numbers).to(logits.dtype) * counted.unsqueeze(-1)

    rows = in_bin.sum(0)
    old = at_least_float32(bin_counts).detach()
    counts = torch.where(rows > 0, momentum * old + (1 - momentum) * rows, old)

    occupied = (rows > 0).to(logits.dtype).sum().clamp(min=1.0)
    region_count = occupied if regions == "occupied" else all_bins
    density = region_count * (in_bin * counts).sum(-1)
    # Only an ignored row has no density; its weight is 0.
    weight = counted * rows.sum() / density.clamp(min=_EMPTY)
    return GHMC(weight * cross_entropy, counts)
