"""What monitors keep on disk: their definitions, both sides of images, changes, tallies."""

from boxgauge.server.journal.journal import Journal
from boxgauge.server.journal.types import (
    CameFrame,
    Change,
    Counts,
    Expired,
    HeldSide,
    Judge,
    KeptMonitor,
    Outcome,
    Taken,
)

__all__ = [
    "CameFrame",
    "Change",
    "Counts",
    "Expired",
    "HeldSide",
    "Journal",
    "Judge",
    "KeptMonitor",
    "Outcome",
    "Taken",
]
