"""What the service says about its own certificates, tokens and audit log."""

from boxgauge.server.series.kinds import Series, gauge

SECURITY = (
    gauge(
        "boxgauge_tls_certificate_expiry_timestamp_seconds",
        ("certificate",),
        "seconds since 1970",
        "When the first certificate of a file in use expires; certificate is server or client_ca.",
    ),
    Series(
        "boxgauge_reloads_total",
        "counter",
        ("what", "outcome"),
        "changes",
        "Changed files of credentials; what is tls or tokens, outcome is taken or refused.",
    ),
    gauge(
        "boxgauge_reload_refused",
        ("what",),
        "1",
        "1 while the files of these credentials are bad, and the last good ones stay in use.",
    ),
    Series(
        "boxgauge_denied_total",
        "counter",
        ("protocol", "reason"),
        "requests",
        "Requests denied; protocol is grpc or http, reason is unauthenticated or forbidden.",
    ),
    Series(
        "boxgauge_audit_failures_total",
        "counter",
        (),
        "records",
        "Records that could not be written to the audit log.",
    ),
)
