"""``python -m boxgauge.export --out graphs``: export the catalog, one line for each graph."""

import argparse
import sys
from pathlib import Path

from boxgauge.export.build import export_all
from boxgauge.export.errors import ExportError


def main() -> int:
    """Return the exit status: 0, or 2 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m boxgauge.export", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("graphs"), help="folder of the graphs")
    parser.add_argument("--name", action="append", help="export this entry alone; repeatable")
    parser.add_argument("--force", action="store_true", help="export even if up to date")
    options = parser.parse_args()
    try:
        manifest = export_all(
            options.out, names=options.name, force=options.force, progress=_report
        )
    except ExportError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(f"{len(manifest.graphs)} graphs are up to date in {options.out}\n")
    return 0


def _report(name: str, done: int, total: int) -> None:
    sys.stdout.write(f"[{done}/{total}] {name}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
