"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.resampling import Resampler, ResamplingTally

__all__ = [
    "Resampler",
    "ResamplingTally",
]
