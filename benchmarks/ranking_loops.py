"""AP Loss, aLRP and Rank & Sort as loops over the positives: what their speed is held against.

Written from the papers in float64, with vectorised inner sums, updates gathered densely, and
the one short cut that the authors take too: negatives below every ramp are left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class Outcome(NamedTuple):
    """A loss and its gradient with respect to the logits, float64."""

    loss: float
    update: Tensor


class _Scene:
    """The positives, the negatives that matter, and what is added up over the positives."""

    def __init__(self, logits: Tensor, positive: Tensor, negative: Tensor, delta: float) -> None:
        scores = logits.detach().double()
        self._all, self._delta = scores, delta
        self.positives = torch.nonzero(positive).squeeze(1)
        self._true = scores[self.positives]
        lowest = self._true.min() - delta if len(self._true) else scores.new_tensor(torch.inf)
        self._negatives = torch.nonzero(negative & (scores > lowest)).squeeze(1)
        self._false = scores[self._negatives]
        self.true_update, self.false_update = map(torch.zeros_like, (self._true, self._false))
        self.loss = 0.0

    def ascending(self) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield each positive by score, and by how much all positives and negatives are above."""
        for i in self._true.argsort().tolist():
            yield i, self._above(self._true, i), self._above(self._false, i)

    def _above(self, scores: Tensor, i: int) -> Tensor:
        return (scores - self._true[i]).div_(2 * self._delta).add_(0.5).clamp_(0, 1)

    def outcome(self) -> Outcome:
        """Return the means over the positives."""
        count = max(len(self._true), 1)
        update = torch.zeros_like(self._all)
        update[self.positives] = self.true_update / count
        update[self._negatives] = self.false_update / count
        return Outcome(self.loss / count, update)


def ap_loop(logits: Tensor, target: Tensor, delta: float) -> Outcome:
    """Chen et al. 2019, Algorithm 1, with interpolation."""
    scene = _Scene(logits, target == 1, target == 0, delta)
    best = 0.0
    for i, true, false in scene.ascending():
        false_above = float(false.sum())
        precision = 1 - false_above / (0.5 + float(true.sum()) + false_above)
        best = max(best, precision)
        scene.loss += 1 - best
        if false_above > 0:
            scene.true_update[i] -= 1 - best
            scene.false_update.add_(false, alpha=(1 - best) / false_above)
    return scene.outcome()


def alrp_loop(logits: Tensor, target: Tensor, location_error: Tensor, delta: float) -> Outcome:
    """Oksuz et al. 2020: the loss with both parts, and the update of the logits."""
    scene = _Scene(logits, target == 1, target == 0, delta)
    error = location_error.double()[scene.positives]
    for i, true, false in scene.ascending():
        true[i] = 0.0
        false_above, error_above = float(false.sum()), float(true @ error)
        rank = 1 + float(true.sum()) + false_above
        scene.loss += (false_above + error_above + float(error[i])) / rank
        if false_above > 2.0**-17:
            moved = (false_above + error_above) / rank
            scene.true_update[i] -= moved
            scene.false_update.add_(false, alpha=moved / false_above)
    return scene.outcome()


def rank_sort_loop(logits: Tensor, target: Tensor, delta: float) -> Outcome:
    """Oksuz et al. 2021: ranking and sorting together."""
    scene = _Scene(logits, target > 0, target == 0, delta)
    quality = target.double()[scene.positives]
    for i, true, false in scene.ascending():
        true_above, false_above = float(true.sum()), float(false.sum())
        rank = true_above + false_above
        scene.true_update[i] -= false_above / rank
        scene.false_update.add_(false, alpha=1 / rank)

        better = true * (quality >= quality[i])
        worse = true - better
        current = float(true @ (1 - quality)) / true_above
        sorting = current - float(better @ (1 - quality)) / float(better.sum())
        missorted = float(worse.sum())
        if missorted > 0:
            scene.true_update[i] -= sorting
            scene.true_update.add_(worse, alpha=sorting / missorted)
        scene.loss += false_above / rank + sorting
    return scene.outcome()
