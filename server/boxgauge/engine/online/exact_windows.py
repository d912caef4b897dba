"""From the rows of an exact store to what one window and slice have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.image_table import TableSnapshot
from boxgauge.engine.online.store import ALL
from boxgauge.engine.online.sums import sums_of
from boxgauge.engine.online.window_rows import WindowColumns
from boxgauge.engine.online.windows import Span
from boxgauge.engine.online.worst import entries_of, worst_of
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.tally import ExactTally
from boxgauge.frames import ImageId


@dataclass(frozen=True, slots=True, eq=False)
class ExactSnapshot:
    """A store at one moment, and what is asked of it.

    Attributes:
        span: Event times that are asked for.
        name: Slice that is asked for.
        table: All images.
        sources: Of labels, by number.
    """

    span: Span
    name: str
    table: TableSnapshot
    sources: tuple[str, ...]


def window_columns(snapshot: ExactSnapshot, losses: tuple[str, ...]) -> WindowColumns:
    """Return the images of a window and slice, and what they add up to."""
    span, table = snapshot.span, snapshot.table
    times = table.placed.times_us
    chosen = table.is_there & (times >= span.from_us) & (times < span.until_us)
    if snapshot.name != ALL:
        is_in = np.array([snapshot.name in each for each in table.sets], np.bool_)
        chosen &= is_in[table.placed.sets]
    rows, image_ids = in_report_order(np.flatnonzero(chosen), table.image_ids)
    observed = table.observed.take(rows)
    (sums,) = sums_of(observed)
    return WindowColumns(
        span,
        image_ids,
        table.columns.take(rows),
        table.patterns,
        observed.groups,
        sums.losses(losses),
        worst_of(entries_of(image_ids, observed.errors, observed.first_loss)).images(),
        sums.sources(snapshot.sources),
        sums.delay(),
    )


def exact_tally(
    classes: tuple[ObjectClass, ...], settings: EvaluationSettings, found: WindowColumns
) -> ExactTally:
    """Return the tally of a window's images."""
    return ExactTally.of(classes, settings, found.image_ids, found.columns, found.patterns)


def in_report_order(
    rows: NDArray[np.int64], image_ids: Sequence[ImageId]
) -> tuple[NDArray[np.int64], tuple[ImageId, ...]]:
    """Return rows by the order of their images' ids, and these."""
    numbers, texts = list[tuple[int, int]](), list[tuple[bytes, int]]()
    for row in rows.tolist():
        each = image_ids[row]
        if isinstance(each, str):
            texts.append((each.encode(), row))
        else:
            numbers.append((each, row))
    ordered = [*(row for _, row in sorted(numbers)), *(row for _, row in sorted(texts))]
    return np.array(ordered, np.int64), tuple(image_ids[row] for row in ordered)
