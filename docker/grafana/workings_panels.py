"""What goes on inside the service: where work waits, the journal, the event loop, the process."""

from panels import Panel, quantile


def both_quantiles(of: str, called: str) -> tuple[tuple[str, str], ...]:
    """Return median and 99th percentile of a histogram, by instance."""
    return (
        (quantile(of, "instance", 0.5), f"{{{{instance}}}} {called} median"),
        (quantile(of, "instance", 0.99), f"{{{{instance}}}} {called} p99"),
    )


def mean(of: str, called: str) -> tuple[str, str]:
    """Return the mean of what a histogram counts, by instance."""
    total, count = (
        f"sum by (instance) (rate({of}_{part}[$__rate_interval]))" for part in ("sum", "count")
    )
    return f"{total} / {count}", f"{{{{instance}}}} {called}"


WORKINGS: dict[str, tuple[Panel, ...]] = {
    "Inside the service": (
        Panel(
            "Message time",
            "From a message of Observe as it was read to its acknowledgement, on disk and counted.",
            "s",
            both_quantiles("boxgauge_message_seconds", "message"),
        ),
        Panel(
            "Queue time, p99",
            "Waiting for a thread (executor), for the next matching run, for the journal's group "
            "commit, and for the turn to be counted in journal order (line).",
            "s",
            ((quantile("boxgauge_queue_seconds", "queue", 0.99), "{{queue}}"),),
        ),
        Panel(
            "RPCs under way",
            "Begun and not ended; streams stay for as long as they live.",
            "short",
            (("sum by (method) (boxgauge_rpcs_in_flight)", "{{method}}"),),
        ),
        Panel(
            "Batch sizes",
            "Means: images of a message, images and candidate pairs of a matching run, calls and "
            "rows of a transaction. Runs larger than messages are what sharing gains.",
            "short",
            (
                mean("boxgauge_message_images", "sides a message"),
                mean("boxgauge_matching_images", "images a matching run"),
                mean("boxgauge_matching_pairs", "pairs a matching run"),
                mean("boxgauge_journal_commit_calls", "calls a transaction"),
                mean("boxgauge_journal_commit_rows", "rows a transaction"),
            ),
        ),
        Panel(
            "Journal: commit and fsync",
            "Time of a transaction, and of its COMMIT alone, which is the disk's.",
            "s",
            (
                *both_quantiles("boxgauge_journal_commit_seconds", "transaction"),
                *both_quantiles("boxgauge_journal_sync_seconds", "fsync"),
            ),
        ),
        Panel(
            "In service",
            "Writable: 0 while the journal takes nothing, say of a full disk. Monitors that the "
            "start could not bring back, and those whose tallies lack frames and are made anew.",
            "short",
            (
                ("boxgauge_journal_writable", "{{instance}} journal writable"),
                ("boxgauge_monitors_out_of_service", "{{instance}} monitors out of service"),
                ("boxgauge_monitors_behind", "{{instance}} monitors behind"),
            ),
        ),
        Panel(
            "Event-loop lag",
            "How late the loop did what was due: every call and probe is late by that.",
            "s",
            both_quantiles("boxgauge_event_loop_lag_seconds", "lag"),
        ),
        Panel(
            "Last recovery",
            "What the last start took, and how many changes it replayed behind checkpoints.",
            "short",
            (
                ("boxgauge_recovery_seconds", "{{instance}} seconds"),
                ("boxgauge_recovery_replayed_changes", "{{instance}} changes"),
            ),
        ),
        Panel(
            "Processor and uptime",
            "Cores in use; hours since the start.",
            "short",
            (
                (
                    'rate(process_cpu_seconds_total{job="boxgauge"}[$__rate_interval])',
                    "{{instance}} cores",
                ),
                (
                    '(time() - process_start_time_seconds{job="boxgauge"}) / 3600',
                    "{{instance}} hours up",
                ),
            ),
        ),
        Panel(
            "Memory",
            "Of the process; virtual memory counts what was only reserved.",
            "bytes",
            (
                ('process_resident_memory_bytes{job="boxgauge"}', "{{instance}} resident"),
                ("boxgauge_report_process_resident_memory_bytes", "{{instance}} making reports"),
                (
                    "increase(boxgauge_report_process_ends_total[$__rate_interval])",
                    "{{instance}} times that one ended",
                ),
                ('process_virtual_memory_bytes{job="boxgauge"}', "{{instance}} virtual"),
            ),
            width=12,
        ),
        Panel(
            "File descriptors",
            "Open ones and how many there may be; each connection takes one.",
            "short",
            (
                ('process_open_fds{job="boxgauge"}', "{{instance}} open"),
                ('process_max_fds{job="boxgauge"}', "{{instance}} bound"),
            ),
            width=12,
        ),
    ),
}
