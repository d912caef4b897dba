"""Losses of logits as plain scalars, straight from the papers: slow, and checked against.

Nothing here imports what it checks, nor any array library.
"""

import math


def bce_loss(prob: float, target: float) -> float:
    """Cross entropy of a label with a probability strictly between 0 and 1."""
    return -(target * math.log(prob) + (1 - target) * math.log1p(-prob))


def log_sigmoid(x: float) -> float:
    return -math.log1p(math.exp(-x)) if x >= 0 else x - math.log1p(math.exp(x))


def bce_with_logits_loss(logit: float, target: float) -> float:
    return -target * log_sigmoid(logit) - (1 - target) * log_sigmoid(-logit)


def focal_loss(logit: float, target: int, alpha: float, gamma: float) -> float:
    """Lin et al. 2017, Eq. 5; alpha below 0 gives Eq. 4."""
    signed = logit if target == 1 else -logit
    alpha_t = 1.0 if alpha < 0 else alpha if target == 1 else 1 - alpha
    return -alpha_t * math.exp(log_sigmoid(-signed)) ** gamma * log_sigmoid(signed)
