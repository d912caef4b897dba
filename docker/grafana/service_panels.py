"""What the service says about itself."""

from panels import Panel, quantile

SERVICE: dict[str, tuple[Panel, ...]] = {
    "Service": (
        Panel(
            "Instances",
            "1 while Prometheus can scrape it; its version and the provider it runs on.",
            "short",
            (
                ('up{job="boxgauge"}', "{{instance}} up"),
                ("boxgauge_build_info", "{{instance}} version {{version}}"),
                ("boxgauge_provider_info", "{{instance}} on {{provider}}"),
            ),
        ),
        Panel(
            "Frames",
            "Frames a second by side and outcome; unchanged ones had been taken before.",
            "cps",
            (
                (
                    "sum by (side, outcome) (rate(boxgauge_frames_total[$__rate_interval]))",
                    "{{side}} {{outcome}}",
                ),
            ),
        ),
        Panel(
            "Held boxes and image sides",
            "What is in memory beside the bounds, at which frames are refused.",
            "short",
            (
                ("boxgauge_held_boxes", "{{instance}} boxes"),
                ("boxgauge_held_boxes_limit", "{{instance}} bound on boxes"),
                ("boxgauge_held_images", "{{instance}} image sides"),
                ("boxgauge_held_images_limit", "{{instance}} bound on image sides"),
            ),
        ),
        Panel(
            "Tallies and journal",
            "Bytes beside their bounds: each monitor's tallies in memory, the journal on disk.",
            "bytes",
            (
                ("boxgauge_tally_bytes", "{{monitor}} tallies"),
                ("boxgauge_tally_bytes_limit", "{{monitor}} bound"),
                ("boxgauge_journal_bytes", "{{instance}} journal"),
                ("boxgauge_journal_bytes_limit", "{{instance}} bound on the journal"),
            ),
        ),
        Panel(
            "Exported series",
            "Of reports and comparisons; beyond the bound whole slices are left out.",
            "short",
            (
                ("boxgauge_exported_series", "{{instance}} exported"),
                ("boxgauge_exported_series_limit", "{{instance}} bound"),
                ("boxgauge_dropped_series", "{{instance}} left out"),
            ),
        ),
        Panel(
            "RPC time",
            "Median and 99th percentile; a stream is one call, as long as it lives.",
            "s",
            (
                (quantile("boxgauge_rpc_seconds", "method", 0.5), "{{method}} median"),
                (quantile("boxgauge_rpc_seconds", "method", 0.99), "{{method}} p99"),
            ),
        ),
        Panel(
            "RPCs",
            "Calls ended a second, by method and status.",
            "reqps",
            (
                (
                    "sum by (method, code) (rate(boxgauge_rpc_seconds_count[$__rate_interval]))",
                    "{{method}} {{code}}",
                ),
            ),
        ),
        Panel(
            "Report time",
            "Time to compute a report.",
            "s",
            (
                (quantile("boxgauge_report_seconds", "instance", 0.5), "{{instance}} median"),
                (quantile("boxgauge_report_seconds", "instance", 0.99), "{{instance}} p99"),
            ),
        ),
        Panel(
            "Batch time",
            "Time of one run of a graph.",
            "s",
            (
                (quantile("boxgauge_batch_seconds", "graph", 0.5), "{{graph}} median"),
                (quantile("boxgauge_batch_seconds", "graph", 0.99), "{{graph}} p99"),
            ),
            width=12,
        ),
        Panel(
            "Batch size",
            "Mean rows in one run of a graph: what batching across streams gains.",
            "short",
            (
                (
                    "sum by (graph) (rate(boxgauge_batch_items_sum[$__rate_interval]))"
                    " / sum by (graph) (rate(boxgauge_batch_items_count[$__rate_interval]))",
                    "{{graph}}",
                ),
            ),
            width=12,
        ),
    ),
}
