"""Memory and descriptors that there may be, beside the bounds that are configured."""

import os
from pathlib import Path

from boxgauge.cli.diagnosis.finding import Finding

CGROUPS, OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
# What the process has before there is a monitor: interpreter, libraries, graphs, SQLite's cache.
BASE_BYTES = 350 * 2**20
EVALUATED_BOX_BYTES = 100
_SPARE_DESCRIPTORS = 64
_MIB = 2**20


def memory_limit(groups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int | None:
    """Return the least bound on memory of this process's control groups; None: there is none.

    Args:
        groups: Where they are mounted.
        own: The file that says which ones are this process's.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return None
    bounds = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, name = groups, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        # In a container the path may be that of the host, where nothing is mounted: then the root.
        place = root / path.lstrip("/")
        for folder in (place, *place.parents):
            if folder.is_relative_to(root) and (folder / name).is_file():
                text = (folder / name).read_text().strip()
                bounds += [int(text)] if text.isdecimal() else []
    # The first version writes a huge number for none.
    return min((each for each in bounds if each < 2**60), default=None)


def machine_bytes() -> int:
    """Return the memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def memory_finding(
    limit: int | None, machine: int, *, max_held_boxes: int, max_tally_bytes: int
) -> Finding:
    """Judge whether what the bounds allow has room: else the process is killed before they act.

    Args:
        limit: Of the control group; None: the machine's memory is all there is.
        machine: Bytes of memory.
        max_held_boxes: Boxes of exact monitors and evaluations.
        max_tally_bytes: Of one sketch monitor; one at its bound is counted.
    """
    there = machine if limit is None else min(limit, machine)
    held = max_held_boxes * EVALUATED_BOX_BYTES
    needed = BASE_BYTES + held + max_tally_bytes
    what = "the machine has" if limit is None or limit > machine else "the control group allows"
    words = (
        f"{what} {there // _MIB} MiB; the bounds allow {needed // _MIB}: {BASE_BYTES // _MIB} to"
        f" begin with, {held // _MIB} of held boxes, {max_tally_bytes // _MIB} of one monitor's"
        " tallies"
    )
    if needed <= there:
        return Finding("memory", words)
    left = there - BASE_BYTES
    if left <= 0:
        return Finding("memory", words, f"give it at least {BASE_BYTES // _MIB * 2} MiB")
    boxes, tallies = left // 2 // EVALUATED_BOX_BYTES, left // 2
    return Finding(
        "memory",
        words,
        f"give it more, or lower BOXGAUGE_MAX_HELD_BOXES to {boxes} and BOXGAUGE_MAX_TALLY_BYTES to"
        f" {tallies}: a process that is out of memory is killed",
    )


def descriptor_finding(limit: int, connections: int) -> Finding:
    """Judge whether there are descriptors for all connections.

    Args:
        limit: How many the process may have; negative: any number.
        connections: At a time, at most.
    """
    wanted = connections + _SPARE_DESCRIPTORS
    words = f"{limit if limit >= 0 else 'any number'} may be open, for {connections} connections"
    if limit < 0 or limit >= wanted:
        return Finding("file descriptors", words)
    return Finding(
        "file descriptors", words, f"raise the hard limit (ulimit -Hn {wanted}, LimitNOFILE)"
    )
