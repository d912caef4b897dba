"""What a store holds of one window and slice: all that a report of it follows from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.quality import LabelDelay, LossSummary, WorstImage
from boxgauge.engine.online.windows import Span
from boxgauge.engine.sketch.rows import SketchRows
from boxgauge.engine.sketch.totals import SketchTotals
from boxgauge.engine.tally_columns import TallyColumns
from boxgauge.frames import ImageId

# Of the jackknife: a hash of an image's cluster says in which one it is.
GROUPS = 32


@dataclass(frozen=True, slots=True, eq=False)
class WindowRows:
    """Of a sketch.

    Attributes:
        span: Event times of the images.
        rows: Ids ascending; an id occurs once for each group that has such detections. The
            counts of an id over all groups are what a `SketchTally` of these images has.
        groups: Of each row, 0 to 31.
        patterns: Outcomes by the rows' codes.
        totals: Exact sums over all images.
        positives_by_group: Ground truths to be found, int64 [32, classes, areas].
        images_by_group: int64 [32].
        losses: Each configured loss.
        worst: Images with the most errors, worst first.
        sources: Images by the source of their label, ascending by source.
        delay: How long labels took; None without images.
    """

    span: Span
    rows: SketchRows
    groups: NDArray[np.uint8]
    patterns: tuple[bytes, ...]
    totals: SketchTotals
    positives_by_group: NDArray[np.int64]
    images_by_group: NDArray[np.int64]
    losses: tuple[LossSummary, ...]
    worst: tuple[WorstImage, ...]
    sources: tuple[tuple[str, int], ...]
    delay: LabelDelay | None


@dataclass(frozen=True, slots=True, eq=False)
class WindowColumns:
    """Of an exact store; what the two have in common means the same.

    Attributes:
        span: Event times of the images.
        image_ids: In report order.
        columns: Of these images, in this order.
        patterns: Outcomes by the columns' codes.
        groups: Of each image, 0 to 31.
        losses: Each configured loss.
        worst: Images with the most errors, worst first.
        sources: Images by the source of their label, ascending by source.
        delay: How long labels took; None without images.
    """

    span: Span
    image_ids: tuple[ImageId, ...]
    columns: TallyColumns
    patterns: tuple[bytes, ...]
    groups: NDArray[np.uint8]
    losses: tuple[LossSummary, ...]
    worst: tuple[WorstImage, ...]
    sources: tuple[tuple[str, int], ...]
    delay: LabelDelay | None
