"""Who is turned away and why, and what a start found: certificates, tokens, bounds, losses."""

from panels import Panel


def per_second(of: str, by: str) -> str:
    """Return a counter's rate, by some labels."""
    return f"sum by ({by}) (rate({of}[$__rate_interval]))"


PROTECTION: dict[str, tuple[Panel, ...]] = {
    "Callers, certificates and losses": (
        Panel(
            "Denied",
            "Requests a second without a valid token, or without the right.",
            "reqps",
            ((per_second("boxgauge_denied_total", "protocol, reason"), "{{protocol}} {{reason}}"),),
        ),
        Panel(
            "Certificates: time left",
            "Until the served certificate, or the first of the callers' CAs, expires.",
            "s",
            (
                (
                    "boxgauge_tls_certificate_expiry_timestamp_seconds - time()",
                    "{{instance}} {{certificate}}",
                ),
            ),
        ),
        Panel(
            "Reloads and the audit log",
            "Changed files taken or refused, a second; refused now: the last good ones are still "
            "in use. Lines of the audit log that could not be written.",
            "short",
            (
                (per_second("boxgauge_reloads_total", "what, outcome"), "{{what}} {{outcome}}"),
                ("boxgauge_reload_refused", "{{instance}} {{what}} refused now"),
                (
                    per_second("boxgauge_audit_failures_total", "instance"),
                    "{{instance}} unwritten",
                ),
            ),
        ),
        Panel(
            "Waiting messages",
            "Bytes of messages that are read and not answered yet, and their bound.",
            "bytes",
            (
                ("boxgauge_waiting_bytes", "{{instance}} waiting"),
                ("boxgauge_waiting_bytes_limit", "{{instance}} bound"),
            ),
        ),
        Panel(
            "Cut off",
            "Calls a second that ended since their client did not read its answers.",
            "reqps",
            ((per_second("boxgauge_unread_rpcs_total", "method"), "{{method}}"),),
        ),
        Panel(
            "Refused streams",
            "Streams a second that were refused, by what ended reading on: their client was quiet,"
            " or went on for too long or with too much, or too many were read on already.",
            "reqps",
            ((per_second("boxgauge_refused_streams_total", "end"), "{{end}}"),),
        ),
        Panel(
            "Journal: verified, lost, free",
            "Rows that the last start verified; acknowledged rows that were given up with "
            "--accept-loss, which should be none; free bytes that are used again.",
            "short",
            (
                ("boxgauge_recovery_verified_rows", "{{instance}} verified rows"),
                ("boxgauge_journal_lost_rows", "{{instance}} lost rows"),
                ("boxgauge_journal_free_bytes", "{{instance}} free bytes"),
            ),
        ),
    ),
}
