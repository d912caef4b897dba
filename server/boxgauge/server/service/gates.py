"""Which gates there are, and what of memory each may keep from the others."""

from dataclasses import dataclass
from typing import Self

from boxgauge.server.service import evaluation, monitors, runner
from boxgauge.server.service.gate import Gate
from boxgauge.server.service.held import Held
from boxgauge.server.settings import Settings

# Of what may be held, the part of runs that are under way: they give nothing back before they end.
# There are two kinds, so that half is left for frames.
_RUNS = 4


@dataclass(frozen=True, slots=True)
class Gates:
    """What work passes before it begins.

    Attributes:
        held: What messages of frames and of inference hold together.
        frames: For messages of frames, each with its images.
        alone: For runs that cannot be shared.
        together: For requests that are run together, each with its rows.
        evaluations: For evaluations, whose boxes are counted elsewhere.
    """

    held: Held
    frames: Gate
    alone: Gate
    together: Gate
    evaluations: Gate

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the gates of a service."""
        held = Held("max_waiting_bytes", settings.max_waiting_bytes)
        # Half of the workers each at most: the rest is for matching and reports.
        half = max(1, settings.workers // 2)
        inside = held.most // _RUNS
        return cls(
            held=held,
            frames=Gate(held, at_once=monitors.AT_ONCE),
            alone=Gate(held, at_once=half, most_inside=inside),
            together=Gate(held, at_once=runner.AT_ONCE, most_inside=inside),
            evaluations=Gate(
                Held("max_waiting_evaluations", evaluation.MAX_WAITING_EVALUATIONS), at_once=half
            ),
        )
