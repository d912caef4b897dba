"""The losses that are compared: one classification and one box term each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from lessons import Lesson
from torch import Tensor

from boxgauge.losses import (
    alrp_loss,
    ap_loss,
    bce_with_logits_loss,
    ciou_loss,
    detection_precision_loss,
    focal_loss,
    giou_loss,
    iou_loss,
    rank_sort_loss,
    reduce,
    smooth_l1_loss,
)

Term = Float[Tensor, "1"]
Terms = dict[str, Term]


@dataclass(frozen=True)
class Outcome:
    """What a detector said of a batch, beside what was asked.

    Attributes:
        lesson: What was asked.
        all_logits: [b, l, c].
        all_boxes: [b, l, 4] corner form, pixels.
        points: [l, 2] where the locations are, pixels.
        strides: [l, 1] of their grids.
    """

    lesson: Lesson
    all_logits: Float[Tensor, "b l c"]
    all_boxes: Float[Tensor, "b l 4"]
    points: Float[Tensor, "l 2"]
    strides: Float[Tensor, "l 1"]

    @cached_property
    def logits(self) -> Float[Tensor, " n"]:
        """Every logit that counts, whatever its picture, place and class."""
        return self.all_logits[self.lesson.counted].flatten()

    @cached_property
    def target(self) -> Float[Tensor, " n"]:
        """1 where the logit's class is at its place, else 0."""
        return self.lesson.classes[self.lesson.counted].flatten()

    @cached_property
    def pred(self) -> Float[Tensor, "m 4"]:
        """The boxes of the locations that answer for an object."""
        return self.all_boxes[self.lesson.positive]

    @cached_property
    def asked(self) -> Float[Tensor, "m 4"]:
        """The objects' boxes, paired with ``pred``."""
        return self.lesson.boxes[self.lesson.positive]

    def at_logits(self, values: Float[Tensor, " m"]) -> Float[Tensor, " n"]:
        """Return a value per pair at the logit of the pair's class, and 0 at all others."""
        positive: Bool[Tensor, "b l"] = self.lesson.positive
        placed = values.new_zeros(positive.shape).index_put((positive,), values)
        return (placed[..., None] * self.lesson.classes)[self.lesson.counted].flatten()

    def in_strides(self, boxes: Float[Tensor, "m 4"]) -> Float[Tensor, "m 4"]:
        """Return the pairs' boxes as the detector regresses them.

        That is the centre's distance from the location and the logarithm of the sides, both
        measured in strides: the encoding for which Smooth L1 was made.
        """
        where = self.lesson.positive.nonzero()[:, 1]
        point, stride = self.points[where], self.strides[where]
        corner, opposite = boxes.chunk(2, 1)
        shift = ((corner + opposite) / 2 - point) / stride
        return torch.cat([shift, ((opposite - corner) / stride).clamp(min=1e-6).log()], 1)


Loss = Callable[[Outcome], Term]
# Of logits, their targets, and the IoU of the positives' boxes, 0 at negatives.
Ranked = Callable[[Tensor, Tensor, Tensor], Term]


def _per_positive(loss: Tensor, outcome: Outcome) -> Term:
    """Return Σ loss / positives: background outnumbers objects a hundredfold."""
    return reduce(loss, "sum") / outcome.target.sum().clamp(min=1)


def _bce(outcome: Outcome) -> Term:
    return _per_positive(bce_with_logits_loss(outcome.logits, outcome.target), outcome)


def _focal(outcome: Outcome) -> Term:
    return _per_positive(focal_loss(outcome.logits, outcome.target), outcome)


def _smooth_l1(outcome: Outcome) -> Term:
    pred, asked = outcome.in_strides(outcome.pred), outcome.in_strides(outcome.asked)
    return reduce(smooth_l1_loss(pred, asked))


def _giou(outcome: Outcome) -> Term:
    return reduce(giou_loss(outcome.pred, outcome.asked))


def _ciou(outcome: Outcome) -> Term:
    return reduce(ciou_loss(outcome.pred, outcome.asked))


def _overlap(outcome: Outcome) -> Float[Tensor, " n"]:
    """Return the IoU of each positive logit's box with its object's, 0 for background."""
    return outcome.at_logits(1 - iou_loss(outcome.pred, outcome.asked))


def _ap(logits: Tensor, target: Tensor, overlap: Tensor) -> Term:  # see Ranked
    return ap_loss(logits, target)


def _rank_sort(logits: Tensor, target: Tensor, overlap: Tensor) -> Term:
    # The label of a positive is a number to the loss: its gradient goes to the logits.
    return rank_sort_loss(logits, overlap.detach()).loss


def _precision(logits: Tensor, target: Tensor, overlap: Tensor) -> Term:
    # Not detached: a box is pulled on as far as its score is kept.
    return detection_precision_loss(logits, target, overlap)


def _pooled(ranked: Ranked) -> Loss:
    """Return the loss of one ranking of all logits, as the papers have it."""
    return lambda outcome: ranked(outcome.logits, outcome.target, _overlap(outcome))


def _by_class(ranked: Ranked) -> Loss:
    """Return the mean of a ranking for each class that the batch has, as AP is a mean."""

    def loss(outcome: Outcome) -> Term:
        columns = (
            values.unflatten(0, (-1, outcome.all_logits.shape[-1])).unbind(1)
            for values in (outcome.logits, outcome.target, _overlap(outcome))
        )
        losses = torch.cat([ranked(*of_class) for of_class in zip(*columns, strict=True)])
        present = outcome.lesson.classes.flatten(0, 1).amax(0)
        return (losses * present).sum().reshape(1) / present.sum().clamp(min=1)

    return loss


def _both(classification: Loss, box: Loss) -> Callable[[Outcome], Terms]:
    return lambda outcome: {"classification": classification(outcome), "box": box(outcome)}


def _alrp(outcome: Outcome) -> Terms:
    """Return the two parts of aLRP; the location error is half of 1 - GIoU, as in the paper."""
    error = outcome.at_logits(giou_loss(outcome.pred, outcome.asked) / 2)
    parts = alrp_loss(outcome.logits, outcome.target, error)
    return {"classification": parts.classification, "box": parts.localisation}


@dataclass(frozen=True)
class Configuration:
    """A loss of two terms, ``classification`` and ``box``.

    Attributes:
        title: For reports.
        terms: Makes both of an outcome.
        weighted: The box term's weight is free to be chosen; else the loss balances itself
            as aLRP's paper says.
    """

    title: str
    terms: Callable[[Outcome], Terms]
    weighted: bool = True


CONFIGURATIONS: Mapping[str, Configuration] = {
    "bce-smooth-l1": Configuration("BCE + Smooth L1", _both(_bce, _smooth_l1)),
    "bce-giou": Configuration("BCE + GIoU", _both(_bce, _giou)),
    "focal-giou": Configuration("focal + GIoU", _both(_focal, _giou)),
    "focal-ciou": Configuration("focal + CIoU", _both(_focal, _ciou)),
    "ap-giou": Configuration("AP Loss + GIoU", _both(_pooled(_ap), _giou)),
    "rank-sort-giou": Configuration("Rank & Sort + GIoU", _both(_pooled(_rank_sort), _giou)),
    "alrp": Configuration("aLRP", _alrp, weighted=False),
    "precision-giou": Configuration(
        "detection precision + GIoU", _both(_pooled(_precision), _giou)
    ),
    "ap-by-class-giou": Configuration("AP Loss by class + GIoU", _both(_by_class(_ap), _giou)),
    "rank-sort-by-class-giou": Configuration(
        "Rank & Sort by class + GIoU", _both(_by_class(_rank_sort), _giou)
    ),
    "precision-by-class-giou": Configuration(
        "detection precision by class + GIoU", _both(_by_class(_precision), _giou)
    ),
}
