"""Every exported series: the one table that telemetry, exposition and documents share."""

from boxgauge.server.series.kinds import Series
from boxgauge.server.series.quality import QUALITY
from boxgauge.server.series.security import SECURITY
from boxgauge.server.series.service import SERVICE as _SERVICE

SERVICE = (*_SERVICE, *SECURITY)

__all__ = ["QUALITY", "SECURITY", "SERVICE", "Series"]
