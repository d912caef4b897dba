"""What the service and the process that makes its reports say to each other, on each lane."""

from dataclasses import dataclass
from pathlib import Path

from boxgauge.server.settings import Provider

# Asked before each run of a graph, on the lane of work that may pause; and the answer.
MAY_I, GO_ON = b"may I?", b"go on"

Ran = tuple[str, int, float]


@dataclass(frozen=True, slots=True)
class Opening:
    """The first message: with which graphs, and how.

    Attributes:
        graphs: Folder of them.
        providers: In the order of preference.
        threads: Within one run.
        workers: Runs at the same time of one report.
        engine_cache: Of TensorRT.
    """

    graphs: Path
    providers: tuple[Provider, ...]
    threads: int
    workers: int
    engine_cache: Path | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one piece of work.

    Attributes:
        made: What it returned.
        error: What it raised instead.
        ran: Graph, rows and seconds of each run.
    """

    made: object
    error: Exception | None
    ran: tuple[Ran, ...]
