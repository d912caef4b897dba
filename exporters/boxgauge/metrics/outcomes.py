"""What became of each detection and ground truth: all that curves need, without boxes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import accumulate

import torch
from jaxtyping import Bool, Float64, Int8, Int64
from torch import Tensor

from boxgauge.metrics.matching import Matching, match_detections
from boxgauge.metrics.options import Options
from boxgauge.metrics.report import RECALL_POINTS, Curves, report_curves
from boxgauge.metrics.segments import order_within
from boxgauge.metrics.sides import BoxFormat, Images, pooled, read_sides

_TRUE_POSITIVE, _IGNORED = 1, 2
# The report's recall points begin with 0; so many others fit in one run.
_POINTS = RECALL_POINTS - 1


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Images after matching; rows stand in the order in which equal scores rank.

    Attributes:
        options: What was matched at.
        label: Class of each detection that was evaluated.
        scores: Its confidence.
        rank: Its place by score in its image and class.
        code: Row of ``patterns`` that says what became of it.
        patterns: Over area ranges and thresholds: 0 false positive, 1 true positive, 2
            ignored; distinct, at least one.
        truth_label: Class of each ground truth.
        truth_counted: Area ranges in which it has to be found.
    """

    options: Options
    label: Int64[Tensor, " n"]
    scores: Float64[Tensor, " n"]
    rank: Int64[Tensor, " n"]
    code: Int64[Tensor, " n"]
    patterns: Int8[Tensor, "p a t"]
    truth_label: Int64[Tensor, " g"]
    truth_counted: Bool[Tensor, "g a"]

    @classmethod
    def join(cls, parts: Sequence["Outcomes"]) -> "Outcomes":
        """Return parts of the same options as one, in order; at least one."""
        if len(parts) == 1:
            return parts[0]
        patterns, renamed = torch.unique(
            torch.cat([part.patterns for part in parts]), dim=0, return_inverse=True
        )
        first = accumulate((len(part.patterns) for part in parts[:-1]), initial=0)
        codes = [part.code + place for part, place in zip(parts, first, strict=True)]
        return cls(
            parts[0].options,
            torch.cat([part.label for part in parts]),
            torch.cat([part.scores for part in parts]),
            torch.cat([part.rank for part in parts]),
            renamed[torch.cat(codes)],
            patterns,
            torch.cat([part.truth_label for part in parts]),
            torch.cat([part.truth_counted for part in parts]),
        )

    def cpu(self) -> "Outcomes":
        """Return the same on the CPU."""
        columns = (getattr(self, each.name) for each in fields(self)[1:])
        return Outcomes(self.options, *(column.cpu() for column in columns))

    def classes(self) -> Int64[Tensor, " k"]:
        """Return the classes that occur on either side, ascending; at least 0 if none does."""
        found: Tensor = torch.unique(torch.cat([self.label, self.truth_label]))
        return found if len(found) else found.new_zeros(1)

    def curves(self) -> Curves:
        """Return COCO's curves of the classes that occur, in ascending order."""
        classes = self.classes()
        counted = self.truth_counted.long()
        positives = counted.new_zeros(len(classes), counted.shape[1]).index_add(
            0, torch.searchsorted(classes, self.truth_label), counted
        )
        device = self.label.device
        points = torch.tensor(self.options.recall_points, dtype=torch.float64, device=device)
        label = torch.searchsorted(classes, self.label)
        order = order_within(label, self.scores)
        rows = (label[order], self.scores[order], self.rank[order], self.code[order])
        precision, scores = [], []
        for first in range(0, len(points), _POINTS):
            some = points[first : first + _POINTS]
            # Zero, the points asked for, and the last one again up to the full number.
            padded = torch.cat([some[:1] * 0, some, some[-1:].expand(_POINTS - len(some))])
            run = report_curves(
                *rows,
                self.patterns.long(),
                positives,
                torch.tensor(self.options.max_detections, device=device),
                padded,
            )
            precision.append(run.precision[:, 1 : 1 + len(some)])
            scores.append(run.scores[:, 1 : 1 + len(some)])
        return Curves(torch.cat(precision, 1), run.recall, torch.cat(scores, 1))


def match_sides(
    predictions: Images, targets: Images, box_format: BoxFormat, options: Options
) -> Outcomes:
    """Return what became of both sides of images; see `boxgauge.metrics.evaluate`.

    Raises:
        ValueError: As `boxgauge.metrics.sides.read_sides`.
    """
    dt, gt = read_sides(predictions, targets, box_format)
    if options.class_agnostic:
        dt, gt = pooled(dt, gt)
    device = dt.boxes.device
    most = options.max_detections[-1]
    found = match_detections(
        *dt,
        *gt,
        torch.tensor(options.iou_thresholds, dtype=torch.float64, device=device),
        torch.tensor([ends for _, *ends in options.areas], dtype=torch.float64, device=device),
        torch.tensor([most], device=device),
    )
    kept = torch.nonzero(found.rank < most)[:, 0]
    patterns, code = _patterns(found)
    return Outcomes(
        options,
        dt.label[kept],
        dt.scores[kept],
        found.rank[kept],
        code[kept],
        patterns,
        gt.label,
        ~found.gt_ignored.T,
    )


def _patterns(found: Matching) -> tuple[Int8[Tensor, "p a t"], Int64[Tensor, " d"]]:
    """Return the outcomes that occur, and which of them is each detection's."""
    thresholds = found.match.shape[1]
    # A spare row, so that there is a pattern even without detections.
    outside = torch.cat([found.outside.T, found.outside.T.new_zeros(1, len(found.outside))])
    unmatched, code = torch.unique(outside, dim=0, return_inverse=True)
    outcome = torch.where(found.ignored, _IGNORED, (found.match >= 0).long() * _TRUE_POSITIVE)
    code[found.candidate] = len(unmatched) + torch.arange(len(found.candidate), device=code.device)
    all_known = torch.cat(
        [
            (unmatched.to(torch.int8) * _IGNORED)[:, :, None].expand(-1, -1, thresholds),
            outcome.permute(2, 0, 1).to(torch.int8),
        ]
    )
    patterns, renamed = torch.unique(all_known, dim=0, return_inverse=True)
    return patterns, renamed[code[:-1]]
