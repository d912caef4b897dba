"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.averages import Average, Averages

__all__ = ["Average", "Averages"]
