"""Requests that were denied: counted all, written down up to a rate."""

from dataclasses import dataclass

from boxgauge.frames import BoxGaugeError, UnauthenticatedError
from boxgauge.server.security.audit import Audit
from boxgauge.server.security.telemetry import SecurityTelemetry


@dataclass(frozen=True, slots=True)
class Denials:
    """Where they are told of.

    Attributes:
        audit: Where they are written down.
        telemetry: Where they are counted.
    """

    audit: Audit
    telemetry: SecurityTelemetry

    def tell(
        self, error: BoxGaugeError, protocol: str, *, method: str, monitor: str, who: str, peer: str
    ) -> None:
        """Tell of one.

        Args:
            error: Why.
            protocol: ``grpc`` or ``http``.
            method: What was asked for.
            monitor: Of which monitor, or "".
            who: By whom.
            peer: From where.
        """
        self.telemetry.denied(protocol, is_known=not isinstance(error, UnauthenticatedError))
        self.audit.denied(method=method, monitor=monitor, who=who, peer=peer, outcome=error.status)
