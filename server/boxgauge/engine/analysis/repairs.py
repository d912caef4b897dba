"""AP after each repair: TIDE's fixes as columns of one run of the report graph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.evaluated import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE
from boxgauge.engine.curves import Columns, curves
from boxgauge.engine.engine import Engine
from boxgauge.engine.report_order import report_order
from boxgauge.engine.settings import ObjectClass
from boxgauge.engine.sortable import sortable
from boxgauge.engine.statistics import mean

ROW = np.dtype(
    [
        ("score", "<f8"),
        ("label", "<u4"),
        ("target", "<u4"),
        ("outcome", "u1"),
        ("kind", "u1"),
        ("fixed", "?"),
    ]
)
TRUTH = np.dtype([("label", "<u4"), ("found", "?"), ("missed", "?")])

KINDS = ("classification", "localisation", "both", "duplicate", "background", "missed")
# As the graph numbers the kinds of detections; 0 is no error, and column 0 no repair.
_CLASSIFICATION, _LOCALISATION, _MISSED = 1, 2, 6
_FALSE_POSITIVES, _FALSE_NEGATIVES = 7, 8
_REPAIRS = 9


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One kind of error.

    Attributes:
        name: One of `KINDS`.
        count: Detections of this kind; of "missed", ground truths.
        cost: AP gained if it did not occur, at least 0; None where AP is undefined.
    """

    name: str
    count: int
    cost: float | None


@dataclass(frozen=True, slots=True, eq=False)
class ErrorDecomposition:
    """TIDE's figures; AP and costs are ratios in [0, 1], and None without objects.

    Attributes:
        classes: What was evaluated.
        iou_threshold: At which detections were matched and AP is measured.
        background_iou: What overlaps nothing by more is background.
        ap: AP before any repair, the mean over classes with objects.
        errors: The six kinds, in the order of `KINDS`.
        false_positives: AP gained if no detection were false.
        false_negatives: AP gained if nothing were missed, at the same precision.
        counts: Errors by class, int64 [k, 6]; detections by their own class, as they came.
        class_ap: AP of each class [k] before and after each repair: none, the six kinds, no
            false positives, no false negatives: float64 [k, 9], masked without objects.
    """

    classes: tuple[ObjectClass, ...]
    iou_threshold: float
    background_iou: float
    ap: float | None
    errors: tuple[ErrorKind, ...]
    false_positives: float | None
    false_negatives: float | None
    counts: NDArray[np.int64]
    class_ap: "np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]]"


def decompose(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    rows: NDArray[np.void],
    truths: NDArray[np.void],
    iou_threshold: float,
    background_iou: float,
) -> ErrorDecomposition:
    """Return what each kind of error costs, of rows in the order in which ties rank."""
    precision, has_objects = _repaired(engine, len(classes), rows, truths)
    ap, *repaired = (mean(precision[:, has_objects, repair]) for repair in range(_REPAIRS))
    *costs, false_positives, false_negatives = (_gain(ap, better) for better in repaired)
    counts = _count_errors(len(classes), rows, truths)
    errors = zip(KINDS, counts.sum(axis=0).tolist(), costs, strict=True)
    return ErrorDecomposition(
        classes,
        iou_threshold,
        background_iou,
        ap,
        tuple(ErrorKind(*each) for each in errors),
        false_positives,
        false_negatives,
        counts,
        np.ma.masked_array(
            precision.mean(axis=0), mask=np.broadcast_to(~has_objects[:, None], precision.shape[1:])
        ),
    )


def _gain(ap: float | None, better: float | None) -> float | None:
    """Return the gain, at least 0: repairs that lower AP do so by the steps it is read at."""
    return None if ap is None or better is None else max(better - ap, 0.0)


def _repaired(
    engine: Engine, classes: int, rows: NDArray[np.void], truths: NDArray[np.void]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the precision curves [101, k, 9], and which classes have objects."""
    # A detection that is given its right class is listed twice, the second time under that
    # class, where only that repair sees it; next to each other, so that ties keep their order.
    moved = np.flatnonzero((rows["kind"] == _CLASSIFICATION) & rows["fixed"])
    everything = np.sort(np.concatenate([np.arange(len(rows)), moved]))
    is_copy = np.diff(everything, prepend=-1) == 0
    listed = rows[everything]
    label = np.where(is_copy, listed["target"], listed["label"]).astype(np.int64)
    code = np.where(
        is_copy, len(_PATTERNS) - 1, _code(listed["kind"], listed["fixed"], listed["outcome"])
    )

    objects = np.bincount(truths["label"], minlength=classes)
    positives = np.repeat(objects[:, None], _REPAIRS, axis=1)
    positives[:, _MISSED] -= np.bincount(truths["label"][truths["missed"]], minlength=classes)
    positives[:, _FALSE_NEGATIVES] = np.bincount(
        truths["label"][truths["found"]], minlength=classes
    )
    scores = sortable(np.ascontiguousarray(listed["score"]))[0]
    ranked = report_order(label, scores)
    found = curves(
        engine,
        Columns(
            label=label[ranked],
            scores=scores[ranked],
            rank=np.zeros(len(label), dtype=np.int64),
            code=code[ranked],
            outcomes=_PATTERNS,
            positives=positives,
            max_detections=np.ones(1, dtype=np.int64),
        ),
    )
    # Where a repair leaves nothing to be found, nothing is found.
    return np.maximum(found.precision[0, :, :, :, 0], 0.0), objects > 0


def _count_errors(
    classes: int, rows: NDArray[np.void], truths: NDArray[np.void]
) -> NDArray[np.int64]:
    """Return the errors of each class and kind, [k, 6]."""
    wrong = rows[rows["kind"] > 0]
    cell = wrong["label"].astype(np.int64) * len(KINDS) + wrong["kind"] - 1
    missed = truths["label"][truths["missed"]].astype(np.int64) * len(KINDS) + _MISSED - 1
    both = np.concatenate([cell, missed])
    return np.bincount(both, minlength=classes * len(KINDS)).reshape(classes, -1).astype(np.int64)


def _code(
    kind: NDArray[np.integer], fixed: NDArray[np.bool_], outcome: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Return the row of `_PATTERNS` for each detection."""
    code: NDArray[np.int64] = kind.astype(np.int64) * 4 + fixed * 2 + (outcome == IGNORED)
    return code


def _patterns() -> NDArray[np.int64]:
    """Return what becomes of a detection under each repair, [codes, 9, 1].

    A wrong detection is dropped by the repair of its kind, or, if it is the one that finds
    its target when it is better localised, becomes a true positive. TIDE keeps errors among
    detections that are ignored, too: they count from their repair on.
    """
    patterns = []
    for kind in range(_MISSED):
        for fixed in (False, True):
            for outcome in (FALSE_POSITIVE, IGNORED):
                found = np.full(_REPAIRS, TRUE_POSITIVE if kind == 0 else outcome)
                if kind:
                    is_better = kind == _LOCALISATION and fixed
                    found[kind] = TRUE_POSITIVE if is_better else IGNORED
                    found[_FALSE_POSITIVES] = IGNORED
                patterns.append(found)
    copy = np.full(_REPAIRS, IGNORED)
    copy[_CLASSIFICATION] = TRUE_POSITIVE
    return np.array([*patterns, copy], dtype=np.int64)[:, :, None]


_PATTERNS = _patterns()
