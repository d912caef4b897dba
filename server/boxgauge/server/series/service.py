"""What the service says about itself."""

from boxgauge.server.series.kinds import Series, gauge

SERVICE = (
    gauge("boxgauge_build_info", ("version",), "1", "Version of the service; always 1."),
    gauge(
        "boxgauge_provider_info",
        ("provider",),
        "1",
        "Execution provider in use, as verified from the sessions; always 1.",
    ),
    Series(
        "boxgauge_frames_total",
        "counter",
        ("side", "outcome"),
        "frames",
        "Frames observed; outcome is accepted, unchanged or refused.",
    ),
    Series(
        "boxgauge_outcomes_total",
        "counter",
        ("monitor", "outcome"),
        "events",
        "What frames came to that no report counts, by monitor.",
    ),
    Series(
        "boxgauge_rpc_seconds",
        "histogram",
        ("method", "code"),
        "seconds",
        "Time from an RPC's start to its end; a stream's whole life.",
    ),
    Series(
        "boxgauge_batch_seconds",
        "histogram",
        ("graph",),
        "seconds",
        "Time of one run of a graph.",
    ),
    Series(
        "boxgauge_batch_items",
        "histogram",
        ("graph",),
        "rows",
        "Rows of the first axis in one run of a graph.",
    ),
    Series("boxgauge_report_seconds", "histogram", (), "seconds", "Time to compute one report."),
    gauge(
        "boxgauge_held_boxes",
        (),
        "boxes",
        "Boxes held in memory, both sides, all monitors and evaluations.",
    ),
    gauge(
        "boxgauge_held_boxes_limit",
        (),
        "boxes",
        "Bound on boxgauge_held_boxes; more are refused.",
    ),
    gauge(
        "boxgauge_held_images",
        (),
        "image sides",
        "Image sides held in memory, empty ones too, all monitors and evaluations.",
    ),
    gauge(
        "boxgauge_held_images_limit",
        (),
        "image sides",
        "Bound on boxgauge_held_images; more are refused.",
    ),
    gauge(
        "boxgauge_journal_bytes",
        (),
        "bytes",
        "Bytes of the journal in use: of its file without free pages, and of its log.",
    ),
    gauge(
        "boxgauge_journal_bytes_limit",
        (),
        "bytes",
        "Bound on boxgauge_journal_bytes; at it frames are refused.",
    ),
    gauge(
        "boxgauge_journal_free_bytes",
        (),
        "bytes",
        "Bytes of the journal's file that are free; they are used again before it grows.",
    ),
    gauge(
        "boxgauge_journal_lost_rows",
        (),
        "rows",
        "Acknowledged rows and sequence numbers that were given up at a start with --accept-loss.",
    ),
    gauge(
        "boxgauge_recovery_verified_rows",
        (),
        "rows",
        "Rows of the journal that this start has verified.",
    ),
    gauge(
        "boxgauge_recovery_replayed_changes",
        (),
        "changes",
        "Changes that this start has replayed, or matched anew, behind the last checkpoints.",
    ),
    gauge(
        "boxgauge_recovery_seconds",
        (),
        "seconds",
        "Time from opening the journal to having all monitors back.",
    ),
)
