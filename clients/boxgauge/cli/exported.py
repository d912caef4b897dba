"""Tallies as files, with an index of what is in each."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from boxgauge.client import ExportedTally
from boxgauge.frames import InvalidInputError

_ODD = re.compile(r"[^A-Za-z0-9_.=-]+")


def write_tallies(folder: Path, tallies: Iterable[ExportedTally]) -> list[dict[str, Any]]:
    """Write each tally to a file and return what the index says of them.

    Args:
        folder: Made if it is missing; an index that is there is refused, not replaced.
        tallies: What to write.

    Raises:
        InvalidInputError: The folder cannot be written, or holds an export already.
    """
    index = folder / "index.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if index.exists():
            raise InvalidInputError.at("--out", folder, "a folder without an index.json")
        written = [_write(folder, number, each) for number, each in enumerate(tallies)]
        index.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        shown = f"{folder}: {error.strerror}"
        raise InvalidInputError.at("--out", shown, "a folder that can be written") from None
    return written


def _write(folder: Path, number: int, tally: ExportedTally) -> dict[str, Any]:
    # Names of models and slices hold what file names may not; the number keeps files apart.
    words = _ODD.sub("_", "-".join(filter(None, (tally.model, tally.slice))))[:80]
    file = folder / f"{number:04d}-{words}.tally"
    file.write_bytes(tally.content)
    return {
        "file": file.name,
        "model": tally.model,
        "slice": tally.slice,
        "window": None if tally.window is None else asdict(tally.window),
        "bytes": len(tally.content),
    }
