"""A small file system of its own, and a file that takes the room of the others on it."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE = 4096
SIZE_MIB = 192


class Filler:
    """A file that takes the room of others."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "filler"

    def leave(self, pages: int) -> None:
        """Take all room but so many pages."""
        with self._path.open("ab", buffering=0) as file:
            size = file.tell()
            step = 256 * PAGE
            while step:
                try:
                    size += file.write(bytes(step))
                except OSError:
                    step = 0 if step == PAGE else PAGE
            file.truncate(max(0, size - pages * PAGE))

    def release(self) -> None:
        """Give all of it back."""
        self._path.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path | None) -> Iterator[Path]:
    """Yield a folder on a small file system of its own."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        options = f"size={SIZE_MIB}m,mode=700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "boxgauge", made], check=True)
        try:
            yield Path(made)
        finally:
            subprocess.run(["umount", made], check=True)
