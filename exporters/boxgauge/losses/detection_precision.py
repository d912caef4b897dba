"""Detection precision: how right, in class and in place, are the detections one would keep."""

from collections.abc import Sequence
from statistics import NormalDist

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.candidates import Candidates, candidates
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside

RECALLS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)


def detection_precision_loss(
    logits: Float[Tensor, "n"],
    target: Float[Tensor, "n"],
    quality: Float[Tensor, "n"],
    *,
    recalls: Sequence[float] = RECALLS,
    temperature: float = 0.25,
) -> Float[Tensor, "1"]:
    r"""Return one minus the mean precision at several recalls, boxes counted by quality.

    The mean :math:`\mu` and variance of the positives' logits place one operating point for
    each recall :math:`r_k`, where positives spread like a normal law (:math:`\Phi`) would
    leave that share of them above it, never above the best positive:

    .. math::
        t_k = \min\left(\mu + \Phi^{-1}(1 - r_k) \sqrt{\sigma^2 + \tau^2},\;
                       \max_{i \in P} x_i\right)

    A candidate is kept there by :math:`d_{ik}`, and is right by its match :math:`m_i`: its
    quality where it is a positive, else 0.

    .. math::
        d_{ik} = \frac{1}{1 + e^{-(x_i - t_k) / \tau}}, \quad
        precision_k = \frac{\sum_i d_{ik} m_i}{\sum_i d_{ik}}, \quad
        L = 1 - \frac{1}{K} \sum_k precision_k

    The gradient is the derivative, thresholds included. At a threshold held still it is

    .. math::
        \frac{\partial\, precision_k}{\partial x_i}
            = \frac{d_{ik} (1 - d_{ik})}{\tau \sum_j d_{jk}} (m_i - precision_k), \quad
        \frac{\partial\, precision_k}{\partial m_i} = \frac{d_{ik}}{\sum_j d_{jk}}

    so a score is pushed up exactly where the box is better than what is kept on average, a
    confident poor or doubled box is pushed down, and a box is pulled on in proportion to how
    surely it is kept. What moves the thresholds takes from the positives what the scores were
    given: the gradient of the logits sums to 0, and no shift of all scores changes the loss.
    Cost: O(n K), without a sort.

    Args:
        logits: Finite scores x of all candidates of a batch.
        target: 1 for a candidate that answers for an object, 0 for background; a row with any
            other value is ignored and has zero gradient. Paired with ``logits`` by row.
        quality: IoU in [0, 1] of each candidate's box with its object, clamped to that
            range; read at positives alone. Detached: the loss trains the scores only; all 1:
            it is a loss of the classification alone.
        recalls: The :math:`r_k`, in [1e-6, 1 - 1e-6]. Low ones train the precision of the most
            confident detections only; the default spreads over all, as average precision does.
        temperature: :math:`\tau`, in logits, in [1e-6, 1e6]: how wide a step from dropped to
            kept is, and the least spread of the thresholds.

    Returns:
        The loss, shape [1], in [0, 1]: one minus the quality of the positives where each
        outranks every negative by far, 1 where all matches are 0.

    Edges:
        Without positives, and so without rows, there is no recall to reach: 0, with zero
        gradient. One positive has its own logit as the threshold of the lower recalls. As
        the temperature goes to 0 the loss becomes the precision of hard decisions, a logit at
        a threshold kept by half. Half precision is computed in float32.

    When to use:
        In place of a classification loss where what counts is that confident detections are
        right and well placed. Add a loss such as GIoU, which moves boxes that do not overlap
        yet. The logits mean nothing but their order, so calibrate them before use as
        probabilities; where they must be probabilities from the start use focal loss.

    Raises:
        ValueError: The shapes differ, a recall is out of range, there are none, or the
            temperature is outside its range.

    References:
        BoxGauge's own. The soft step follows Brown et al., "Smooth-AP: Smoothing the Path
        Towards Large-Scale Image Retrieval", ECCV 2020. https://arxiv.org/abs/2007.12163
    """
    if not recalls:
        raise ValueError("at least one recall is needed: got none")
    for recall in recalls:
        refuse_outside("[1e-6, 0.999999]", recalls=recall)
    refuse_outside("[1e-6, 1e6]", temperature=temperature)

    rows = candidates(logits, target)
    _, quality = paired(logits, quality)
    # At negatives quality may be anything, NaN too.
    match = torch.where(rows.positive > 0, quality, 0.0).clamp(0.0, 1.0)

    below_best, thresholds = _operating_points(rows, recalls, temperature)
    kept = ((below_best - thresholds) / temperature).sigmoid() * rows.counted
    # The best positive is kept by half or more: the floor is met without positives alone.
    precision = (kept * match).sum(-1) / kept.sum(-1).clamp(min=0.25)
    there_are_positives = rows.positive.sum().clamp(max=1.0).reshape(1)
    return there_are_positives - precision.sum() / len(recalls)


def _operating_points(
    rows: Candidates, recalls: Sequence[float], temperature: float
) -> tuple[Float[Tensor, "n"], Float[Tensor, "k 1"]]:
    """Return the logits and the thresholds, both relative to the best positive's logit.

    Measured from there, large logits that lie close together keep their differences.
    """
    lowest = rows.logits.new_full((1,), torch.finfo(torch.float32).min)
    scores = torch.where(rows.positive > 0, rows.logits, lowest)
    # One more row, since nothing has no maximum.
    best = torch.cat((scores, lowest)).amax(0, keepdim=True)
    below_best = rows.logits - torch.where(best > lowest, best, 0.0)

    positives = rows.positive.sum().clamp(min=1.0)
    mean = (rows.positive * below_best).sum() / positives
    variance = (rows.positive * (below_best - mean) ** 2).sum() / positives
    spread = (variance + temperature * temperature).sqrt()
    z = below_best.new_tensor([[NormalDist().inv_cdf(1 - recall)] for recall in recalls])
    return below_best, (mean + z * spread).clamp(max=0.0)
