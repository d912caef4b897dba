"""``python -m boxgauge.cli``: the command, where no script is installed."""

from boxgauge.cli.main import main

# The exporter starts processes by spawn, which import this module again.
if __name__ == "__main__":
    main()
