"""Evaluations as files for other programs: JSON, and one long table as CSV or Parquet."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from boxgauge.cli.documents import Document
from boxgauge.cli.terminal import say
from boxgauge.frames import InvalidInputError

if TYPE_CHECKING:
    from boxgauge.engine import Report

# Column of the long table and its type in Parquet: one row a number.
COLUMNS = {
    "metric": "string",
    "class_id": "int64",
    "class": "string",
    "iou": "float64",
    "area": "string",
    "max_detections": "int64",
    "value": "float64",
}
Row = dict[str, object]
Writer = Callable[[Path, Document, list[Row]], None]


def write_outputs(paths: Iterable[Path], document: Document, report: "Report") -> None:
    """Write the evaluation to each path, in the format that its ending names.

    Raises:
        InvalidInputError: A file cannot be written.
    """
    rows = long_rows(report)
    for path in paths:
        with writing("--out", path):
            WRITERS[path.suffix.lower()](path, document, rows)
        say(f"wrote {path}")


@contextmanager
def writing(option: str, path: Path) -> Iterator[None]:
    """Name the option and the file where what is done here cannot write it.

    Raises:
        InvalidInputError: It could not.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "not writable").lower()
        raise InvalidInputError.at(
            option, f"{path} ({reason})", "a file that can be written"
        ) from None


def check_endings(paths: Iterable[Path]) -> None:
    """Check that each path's ending names a format, before any work is done.

    Raises:
        InvalidInputError: One does not; names it.
    """
    for path in paths:
        if path.suffix.lower() not in WRITERS:
            raise InvalidInputError.at("--out", path, f"a file ending in {', '.join(WRITERS)}")


def long_rows(report: "Report") -> list[Row]:
    """Return AP and AR of every class, IoU threshold, area range and maximum.

    An empty class means all classes, an empty IoU the mean over all thresholds, an empty value
    that there is nothing to average.
    """
    from boxgauge.engine.analysis import Averages

    return [
        {
            "metric": metric,
            "class_id": each.object_class.id if each.object_class else None,
            "class": each.object_class.name if each.object_class else None,
            "iou": each.iou_threshold,
            "area": each.area,
            "max_detections": each.max_detections,
            "value": value,
        }
        for each in Averages(report).table(per_iou=True)
        for metric, value in (("AP", each.ap), ("AR", each.ar))
    ]


def _write_json(path: Path, document: Document, _rows: list[Row]) -> None:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _write_csv(path: Path, _document: Document, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)


def _write_parquet(path: Path, _document: Document, rows: list[Row]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])
    parquet.write_table(pa.Table.from_pylist(rows, schema), path)


WRITERS: dict[str, Writer] = {
    ".json": _write_json,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
