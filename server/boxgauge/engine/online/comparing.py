"""Two models on the same images: differences by a paired jackknife."""

import math
from dataclasses import replace

import numpy as np

from boxgauge.engine.analysis.resampling import STATISTICS
from boxgauge.engine.analysis.student import t_below
from boxgauge.engine.engine import Engine
from boxgauge.engine.online.compared import PairedDifference, PairedQuality
from boxgauge.engine.online.measured import Measured, measured
from boxgauge.engine.online.replicates import reach, standard_errors
from boxgauge.engine.online.window_rows import WindowColumns, WindowRows
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.frames import InvalidInputError


def paired(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    champion: WindowRows | WindowColumns,
    challenger: WindowRows | WindowColumns,
) -> PairedQuality:
    """Return how the second model differs from the first.

    Each group of images is left out for both models at once; the standard error is that of
    the difference, the p-value Student's, two-sided, with one less degree of freedom than
    there are groups. Where statistics are known as certified intervals, the interval is wide
    enough for every difference that they admit, and the p-value that of the smallest.

    Args:
        engine: Holds the graphs.
        classes: In ascending id.
        settings: As matched.
        champion: The first model's images.
        challenger: The second one's: the same images in the same groups.

    Raises:
        InvalidInputError: The two do not have the same ground truth by group.
    """
    a, b = (measured(engine, classes, settings, each) for each in (champion, challenger))
    if a.report.images != b.report.images:
        raise InvalidInputError.at(
            "challenger", f"{b.report.images} images", f"the champion's {a.report.images}"
        )
    if not np.array_equal(a.positives_by_group, b.positives_by_group):
        raise InvalidInputError.at("challenger", "other ground truth", "the champion's by group")
    differences = b.replicates.statistics - a.replicates.statistics
    errors, defined = standard_errors(differences)
    found = {
        name: difference
        for name, error, n in zip(STATISTICS, errors.tolist(), defined.tolist(), strict=True)
        if (difference := _difference(a, b, name, error, n)) is not None
    }
    return PairedQuality(a.report.images, found)


def shared(
    champion: WindowColumns, challenger: WindowColumns
) -> tuple[WindowColumns, WindowColumns]:
    """Return the two with the images alone that both have, in the champion's groups."""
    places = {image_id: k for k, image_id in enumerate(challenger.image_ids)}
    ours = [k for k, image_id in enumerate(champion.image_ids) if image_id in places]
    theirs = [places[champion.image_ids[k]] for k in ours]
    a, b = (
        replace(
            window,
            image_ids=tuple(window.image_ids[k] for k in rows),
            columns=window.columns.take(np.array(rows, np.int64)),
            groups=champion.groups[np.array(ours, np.int64)],
        )
        for window, rows in ((champion, ours), (challenger, theirs))
    )
    return a, b


def _difference(
    a: Measured, b: Measured, name: str, error: float, replicates: int
) -> PairedDifference | None:
    lowest, first, highest = (getattr(each.statistics, name) for each in (a.low, a.report, a.high))
    low, second, high = (getattr(each.statistics, name) for each in (b.low, b.report, b.high))
    if first is None or second is None:
        return None
    seen = second - first
    if math.isnan(error):
        return PairedDifference(first, second, seen, None, None, None)
    span = reach(replicates) * error
    # Of one and the same model no reading of the bins tells one from the other.
    least, most = (0.0, 0.0) if seen == error == 0 else (low - highest, high - lowest)
    return PairedDifference(
        first,
        second,
        seen,
        max(least - span, -1.0),
        min(most + span, 1.0),
        _p_value(max(least, -most, 0.0), error, replicates),
    )


def _p_value(difference: float, error: float, replicates: int) -> float | None:
    """Return the two-sided p-value; None for a difference that does not vary at all."""
    if difference == 0:
        return 1.0
    if error == 0:
        return None
    return max(2 * (1 - t_below(difference / error, replicates - 1)), 0.0)
