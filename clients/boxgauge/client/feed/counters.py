"""What a feed has done so far."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedCounters:
    """Frames, unless said otherwise; one frame is one side of one image.

    Attributes:
        recorded: Taken by this feed.
        recovered: Found in the spool, from an earlier process.
        sent: Sent, repeats among them.
        retried: Of those, sent again.
        acknowledged: Taken by the service.
        refused: Not taken by the service, for good; each was reported.
        lost: Recorded, and damaged on the disk before they were sent.
        spooled: On disk, waiting to be acknowledged.
        spool_bytes: Size of the spool, acknowledged frames among it.
        damaged_bytes: Bytes of the spool that could not be read when it was opened.
        torn_bytes: Bytes at its end, likewise: frames never said to be recorded.
        failures: Attempts that failed since the last success.
        last_error: What the last failure was; empty after a success.
    """

    recorded: int
    recovered: int
    sent: int
    retried: int
    acknowledged: int
    refused: int
    lost: int
    spooled: int
    spool_bytes: int
    damaged_bytes: int
    torn_bytes: int
    failures: int
    last_error: str
