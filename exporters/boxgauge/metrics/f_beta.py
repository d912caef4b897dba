"""Precision, recall and F-beta from counts."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor


class FBeta(NamedTuple):
    """Three ratios in [0, 1], each 0 where it is not defined."""

    precision: Float64[Tensor, " n"]
    recall: Float64[Tensor, " n"]
    f_beta: Float64[Tensor, " n"]
    defined: Bool[Tensor, "3 n"]
    """Whether precision, recall and F-beta are defined: their denominators are above 0."""


def f_beta(
    tp: Int64[Tensor, " n"],
    fp: Int64[Tensor, " n"],
    positives: Int64[Tensor, " n"],
    beta: Float64[Tensor, " 1"],
) -> FBeta:
    r"""Return precision, recall and their weighted harmonic mean, row by row.

    .. math::
        F_\beta = \frac{(1 + \beta^2)\, TP}{(1 + \beta^2)\, TP + \beta^2\, FN + FP}

    Args:
        tp: True positives.
        fp: False positives.
        positives: Objects to be found, TP + FN.
        beta: How many times as much recall matters as precision, above 0.

    References:
        van Rijsbergen, "Information Retrieval", 1979, Chapter 7.
    """
    weight = beta * beta
    found = tp.double()
    denominators = torch.stack([found + fp, positives.double(), weight * positives + (found + fp)])
    defined = denominators > 0
    floor = torch.where(defined, denominators, torch.ones_like(denominators))
    precision, recall, f = (torch.stack([found, found, (1 + weight) * found]) / floor).unbind(0)
    return FBeta(precision, recall, f, defined)
