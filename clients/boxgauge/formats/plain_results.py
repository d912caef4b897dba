"""The short way into a result file: typed records, straight from the text to columns.

It takes only files whose every record is as the format says. All others go the long way, by
`boxgauge.formats.records`, which finds the record at fault or makes allowances.
"""

from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from boxgauge.formats.json_file import collector_paused

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Result(msgspec.Struct, gc=False):
    image_id: _Int64 | str
    category_id: _Int64
    bbox: tuple[float, float, float, float]
    score: float
    # Makes it a result of another kind.
    caption: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_DECODER = msgspec.json.Decoder(list[_Result])


@dataclass(frozen=True, slots=True, eq=False)
class ResultColumns:
    """Results by columns, in the order of the file.

    Attributes:
        image_ids: As the file has them, [n].
        labels: Class ids, int64 [n].
        boxes: Left, top, width, height, float64 [n, 4].
        scores: Confidence, float64 [n].
    """

    image_ids: list[Any]
    labels: NDArray[np.int64]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]


def plain_results(text: bytes) -> ResultColumns | None:
    """Return the results of a JSON text, or None if any is not as the format says."""
    with collector_paused():
        try:
            rows = _DECODER.decode(text)
        except msgspec.MsgspecError:
            return None
        if not rows or any(row.caption is not msgspec.UNSET for row in rows):
            return None
        n = len(rows)
        sides = chain.from_iterable(map(attrgetter("bbox"), rows))
        return ResultColumns(
            image_ids=list(map(attrgetter("image_id"), rows)),
            labels=np.fromiter(map(attrgetter("category_id"), rows), np.int64, n),
            boxes=np.fromiter(sides, np.float64, 4 * n).reshape(n, 4),
            scores=np.fromiter(map(attrgetter("score"), rows), np.float64, n),
        )
