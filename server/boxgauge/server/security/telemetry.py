"""Metrics of credentials and the audit log, on the registry it is given."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from boxgauge.server.series import SECURITY

_SERIES = {series.name: series for series in SECURITY}
TLS, TOKENS = "tls", "tokens"


class SecurityTelemetry:
    """What is counted; label values come from here alone."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str) -> Gauge:
            series = _SERIES[name]
            return Gauge(name, series.meaning, series.labels, registry=registry)

        def counter(name: str) -> Counter:
            series = _SERIES[name]
            return Counter(name, series.meaning, series.labels, registry=registry)

        self._expiry = gauge("boxgauge_tls_certificate_expiry_timestamp_seconds")
        self._reloads = counter("boxgauge_reloads_total")
        self._refused = gauge("boxgauge_reload_refused")
        self._denied = counter("boxgauge_denied_total")
        for protocol in ("grpc", "http"):
            for reason in ("unauthenticated", "forbidden"):
                # From zero on, for Prometheus cannot see a counter's first rise.
                self._denied.labels(protocol, reason)
        self._audit_failures = counter("boxgauge_audit_failures_total")

    def watches(self, what: str) -> None:
        """Export the changes of these credentials from zero on."""
        self._refused.labels(what).set(0)
        for outcome in ("taken", "refused"):
            self._reloads.labels(what, outcome)

    def expires(self, server_s: float, client_ca_s: float | None) -> None:
        """Export when certificates expire, seconds since 1970."""
        self._expiry.labels("server").set(server_s)
        if client_ca_s is not None:
            self._expiry.labels("client_ca").set(client_ca_s)

    def reloaded(self, what: str, *, is_taken: bool) -> None:
        """Count one change."""
        self._reloads.labels(what, "taken" if is_taken else "refused").inc()
        self._refused.labels(what).set(0 if is_taken else 1)

    def denied(self, protocol: str, *, is_known: bool) -> None:
        """Count one denied request of somebody who is, or is not, known."""
        self._denied.labels(protocol, "forbidden" if is_known else "unauthenticated").inc()

    def audit_failed(self) -> None:
        """Count one record that could not be written."""
        self._audit_failures.inc()
