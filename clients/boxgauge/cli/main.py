"""The entry of the command; it imports nothing before Ctrl-C is provided for."""

INTERRUPTED = 130


def main() -> None:
    """Run the command; exit status 0, 1, 2 or, after Ctrl-C, 130."""
    try:
        # Takes a few tenths of a second, in which Ctrl-C is to end as quietly as later.
        from boxgauge.cli.app import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
