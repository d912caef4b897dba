"""On which file system a folder is."""

from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
# Where another machine keeps the files: SQLite's write-ahead log needs memory that is shared, and
# locks that hold.
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "lustre", "gfs2", "ocfs2"}
) | {f"fuse.{each}" for each in ("sshfs", "glusterfs", "s3fs", "rclone", "ceph", "juicefs")}
IN_MEMORY = frozenset({"tmpfs", "ramfs"})
OF_CONTAINERS = frozenset({"overlay", "aufs"})


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: Path
    kind: str


def mount_of(folder: Path, table: Path = MOUNTS) -> Mount | None:
    """Return the file system of a folder; None where the system does not tell.

    Args:
        folder: Which exists.
        table: As the kernel writes it.
    """
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    place = folder.resolve()
    best = None
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = Path(_plain(fields[4]))
        # What was mounted last on a point hides what was there before.
        if place.is_relative_to(point) and (
            best is None or len(point.parts) >= len(best.point.parts)
        ):
            best = Mount(point, after.split()[0])
    return best


def _plain(text: str) -> str:
    """Return a path without the kernel's escapes of spaces and the like."""
    for escape, sign in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        text = text.replace(escape, sign)
    return text
