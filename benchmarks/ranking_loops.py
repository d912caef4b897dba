"""AP Loss, aLRP and Rank & Sort as loops over the positives: what their speed is held against.

Written from the papers, with the inner sums vectorised and with the one short cut that their
authors take too: negatives below every ramp cause no error and are left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class Outcome(NamedTuple):
    """A loss and its gradient with respect to the logits, float64."""

    loss: float
    update: Tensor


class _Rows(NamedTuple):
    positives: Tensor
    negatives: Tensor


def ap_loop(logits: Tensor, target: Tensor, delta: float) -> Outcome:
    """Chen et al. 2019, Algorithm 1, with interpolation."""
    scores, rows, update = _prepare(logits, target == 1, target == 0, delta)
    loss, best = 0.0, 0.0
    for i, true, false in _ascending(scores, rows, delta):
        true_above, false_above = float(true.sum()) - 0.5, float(false.sum())
        place = 1 + true_above + false_above
        precision = 1 - false_above / place
        best = max(best, precision)
        loss += 1 - best
        if false_above > 0:
            update[rows.negatives] += false * ((1 - best) / false_above)
            update[rows.positives[i]] -= 1 - best
    return _mean(loss, update, rows)


def alrp_loop(logits: Tensor, target: Tensor, location_error: Tensor, delta: float) -> Outcome:
    """Oksuz et al. 2020: the loss with both parts, and the update of the logits."""
    scores, rows, update = _prepare(logits, target == 1, target == 0, delta)
    error = location_error.double()[rows.positives]
    loss = 0.0
    for i, true, false in _ascending(scores, rows, delta):
        true[i] = 0.0
        false_above, error_above = float(false.sum()), float(true @ error)
        place = 1 + float(true.sum()) + false_above
        loss += (false_above + error_above + float(error[i])) / place
        if false_above > 2.0**-17:
            moved = (false_above + error_above) / place
            update[rows.negatives] += false * (moved / false_above)
            update[rows.positives[i]] -= moved
    return _mean(loss, update, rows)


def rank_sort_loop(logits: Tensor, target: Tensor, delta: float) -> Outcome:
    """Oksuz et al. 2021: ranking and sorting together."""
    scores, rows, update = _prepare(logits, target > 0, target == 0, delta)
    quality = target.double()[rows.positives]
    loss = 0.0
    for i, true, false in _ascending(scores, rows, delta):
        true_above, false_above = float(true.sum()), float(false.sum())
        ranking = false_above / (true_above + false_above)
        update[rows.negatives] += false / (true_above + false_above)

        better = true * (quality >= quality[i])
        worse = true - better
        current = float(true @ (1 - quality)) / true_above
        sorting = current - float(better @ (1 - quality)) / float(better.sum())
        if float(worse.sum()) > 0:
            update[rows.positives] += worse * (sorting / float(worse.sum()))
            update[rows.positives[i]] -= sorting
        update[rows.positives[i]] -= ranking
        loss += ranking + sorting
    return _mean(loss, update, rows)


def _prepare(
    logits: Tensor, positive: Tensor, negative: Tensor, delta: float
) -> tuple[Tensor, _Rows, Tensor]:
    scores = logits.detach().double()
    positives = torch.nonzero(positive).squeeze(1)
    lowest = scores[positives].min() - delta if len(positives) else torch.tensor(torch.inf)
    negatives = torch.nonzero(negative & (scores > lowest)).squeeze(1)
    return scores, _Rows(positives, negatives), torch.zeros_like(scores)


def _ascending(scores: Tensor, rows: _Rows, delta: float) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Yield each positive by score, and how far each positive and negative is above it."""
    true_scores, false_scores = scores[rows.positives], scores[rows.negatives]
    for i in true_scores.argsort().tolist():
        true = ((true_scores - true_scores[i]) / (2 * delta) + 0.5).clamp(0, 1)
        yield i, true, ((false_scores - true_scores[i]) / (2 * delta) + 0.5).clamp(0, 1)


def _mean(loss: float, update: Tensor, rows: _Rows) -> Outcome:
    count = max(len(rows.positives), 1)
    return Outcome(loss / count, update / count)
