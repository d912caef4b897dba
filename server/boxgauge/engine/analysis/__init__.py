"""What follows from matched images beyond average precision; each takes part in ``evaluate``."""

from boxgauge.engine.analysis.worst_images import ImageErrors, WorstImages

__all__ = ["ImageErrors", "WorstImages"]
