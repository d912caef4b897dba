"""From matched images to the lists that the graph of resampled curves takes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matches import Matches, unpack_patterns
from boxgauge.engine.settings import EvaluationSettings, ObjectClass

_TRUE_POSITIVE, _IGNORED = 1, 2

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """What the graph takes beside weights: see `boxgauge.metrics.resampling`, its kernel."""

    seen_image: Int64
    group_seen: Int64
    event_image: Int64
    event_seen: Int64
    event_hit: Int64
    event_correction: Int64
    event_curve: Int64
    curve_events: Int64
    curve_group: Int64
    positive_image: Int64
    positive_group: Int64


def slices(settings: EvaluationSettings) -> list[tuple[int, int]]:
    """Return (area range, maximum) of what COCO's statistics read, as positions.

    Every area range with the most detections, and the first one with fewer.
    """
    last = len(settings.max_detections) - 1
    return [(a, last) for a in range(len(settings.areas))] + [(0, m) for m in range(last)]


def list_events(
    classes: tuple[ObjectClass, ...], settings: EvaluationSettings, matches: Matches
) -> Events:
    """Return the lists; curves are numbered by slice, then threshold, then class."""
    ids = np.array([each.id for each in classes], dtype=np.int64)
    label = np.searchsorted(ids, matches.labels)
    # Stable: ties keep the order of the rows, which is by image, then by place in the image.
    order = np.lexsort((-matches.scores, label))
    label, rank = label[order], matches.ranks[order]
    image = np.repeat(np.arange(len(matches), dtype=np.int64), matches.counts)[order]
    outcomes, code = _outcomes(matches, settings)
    code = code[order]
    counts, is_hit = outcomes != _IGNORED, outcomes == _TRUE_POSITIVE
    correction = counts.astype(np.int64) - counts[:, :, -1:]
    special = is_hit | (correction != 0)

    asked = slices(settings)
    thresholds, k, before = len(settings.iou_thresholds), len(classes), 0
    columns: list[tuple[Int64, ...]] = []
    for c, (a, m) in enumerate(asked):
        kept = rank < settings.max_detections[m]
        listed = counts[code, a, -1] & kept
        upto = before + np.cumsum(listed)
        rows = np.flatnonzero(special[:, a].any(1)[code] & kept)
        pattern = code[rows]
        threshold, place = np.nonzero(special[pattern, a].T)
        row, pattern = rows[place], pattern[place]
        columns.append(
            (
                image[listed],
                before + np.searchsorted(label[listed], np.arange(k)),
                image[row],
                upto[row],
                is_hit[pattern, a, threshold].astype(np.int64),
                correction[pattern, a, threshold],
                (c * thresholds + threshold) * k + label[row],
            )
        )
        before += int(listed.sum())
    seen_image, group_seen, event_image, event_seen, hit, corrected, curve = (
        np.concatenate(each) for each in zip(*columns, strict=True)
    )
    groups = np.arange(len(asked) * k, dtype=np.int64).reshape(-1, 1, k)
    curve_group = np.broadcast_to(groups, (len(asked), thresholds, k)).reshape(-1)
    positive_image, positive_group = _positives(matches, ids, [a for a, _ in asked])
    return Events(
        seen_image=seen_image,
        group_seen=group_seen,
        event_image=event_image,
        event_seen=event_seen,
        event_hit=hit,
        event_correction=corrected,
        event_curve=curve,
        curve_events=np.bincount(curve, minlength=len(curve_group)),
        curve_group=curve_group,
        positive_image=positive_image,
        positive_group=positive_group,
    )


def _outcomes(matches: Matches, settings: EvaluationSettings) -> tuple[Int64, Int64]:
    """Return the distinct outcomes [patterns, areas, thresholds] and each detection's own."""
    areas, thresholds = len(settings.areas), len(settings.iou_thresholds)
    patterns, place = np.unique(matches.patterns, return_inverse=True)
    # A spare pattern, so that there is one even without detections.
    outcomes = unpack_patterns(patterns.tolist() or (b"",), areas, thresholds)
    return outcomes, place[matches.codes]


def _positives(matches: Matches, ids: Int64, areas: list[int]) -> tuple[Int64, Int64]:
    """Return image and group of each ground truth to be found, once for each slice."""
    label = np.searchsorted(ids, matches.truth_labels)
    image = np.repeat(np.arange(len(matches), dtype=np.int64), matches.truth_counts)
    images, groups = [], []
    for c, a in enumerate(areas):
        rows = (matches.truth_counted >> np.uint32(a)) & 1 == 1
        images.append(image[rows])
        groups.append(c * len(ids) + label[rows])
    return np.concatenate(images), np.concatenate(groups)
