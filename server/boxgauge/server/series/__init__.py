"""Every exported series: the one table that telemetry, exposition and documents share."""

from boxgauge.server.series.kinds import Series
from boxgauge.server.series.quality import QUALITY
from boxgauge.server.series.service import SERVICE

__all__ = ["QUALITY", "SERVICE", "Series"]
