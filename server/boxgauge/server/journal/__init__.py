"""What monitors keep on disk: their definitions, both sides of images, changes, tallies."""

from boxgauge.server.journal.journal import Journal
from boxgauge.server.journal.opening import Recovery
from boxgauge.server.journal.snapshot import Snapshot
from boxgauge.server.journal.take import MAX_FRAMES
from boxgauge.server.journal.types import (
    CameFrame,
    Change,
    Commit,
    Counts,
    Expired,
    HeldSide,
    Judge,
    KeptMonitor,
    OnCommit,
    Outcome,
    Taken,
)
from boxgauge.server.journal.verify import Progress

__all__ = [
    "MAX_FRAMES",
    "CameFrame",
    "Change",
    "Commit",
    "Counts",
    "Expired",
    "HeldSide",
    "Journal",
    "Judge",
    "KeptMonitor",
    "OnCommit",
    "Outcome",
    "Progress",
    "Recovery",
    "Snapshot",
    "Taken",
]
