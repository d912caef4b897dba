"""Putting a folder in the place of another, whole or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boxgauge.export.errors import ExportError
from boxgauge.export.manifest import FILE


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give a new sibling folder of ``out``, which takes its place if the block succeeds.

    When the block raises, ``out`` is as it was and the sibling is gone.

    Raises:
        ExportError: ``out`` holds something that is not a repository of graphs.
    """
    out = out.absolute()
    if out.exists() and not _may_replace(out):
        raise ExportError(f"{out} is neither empty nor a repository of graphs: not replaced")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        # Made here, not by tempfile: servers under another user must be able to read it.
        new.mkdir()
        yield new
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise


def _may_replace(folder: Path) -> bool:
    return folder.is_dir() and ((folder / FILE).is_file() or not any(folder.iterdir()))
