"""Frames and files for the journal's tests."""

from pathlib import Path

from boxgauge.server.journal import CameFrame

MAX_MODELS = 4


def frame(model: str, image_id: int | str = 1, revision: int = 0, **changed: object) -> CameFrame:
    """Return a frame of two boxes, with some of its fields changed."""
    values: dict[str, object] = {
        "retracted": False,
        "digest": bytes([len(model), revision % 256]) * 8,
        "rows": b"a box, " * 2,
        "boxes": 2,
        "time_us": 1000,
        "is_time_given": True,
        "arrived_us": 2000,
        "slices": ("camera=north",),
        "cluster": "",
        "source": "",
    }
    return CameFrame(model, image_id, revision, **{**values, **changed})  # type: ignore[arg-type]


def retraction(model: str, image_id: int | str = 1, revision: int = 1) -> CameFrame:
    """Return a frame that takes a side out and gives no time."""
    return frame(model, image_id, revision, retracted=True, rows=b"", boxes=0, is_time_given=False)


def content(path: Path) -> bytes:
    """Return what a file holds."""
    return path.read_bytes()


def rewrite(path: Path, raw: bytes) -> None:
    """Let a file hold this."""
    path.write_bytes(raw)


def names(folder: Path) -> list[str]:
    """Return the names of the files of a folder."""
    return sorted(each.name for each in folder.iterdir())
