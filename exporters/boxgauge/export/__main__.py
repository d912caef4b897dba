"""``python -m boxgauge.export --out graphs``: export the catalog, one line for each graph."""

import argparse
import sys
import time
from pathlib import Path

from boxgauge.export.build import export_all
from boxgauge.export.errors import ExportError


def main() -> int:
    """Return the exit status: 0, or 2 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m boxgauge.export", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("graphs"), help="folder of the graphs")
    parser.add_argument("--name", action="append", help="export this entry alone; repeatable")
    parser.add_argument("--force", action="store_true", help="export all, changed or not")
    options = parser.parse_args()
    start = time.perf_counter()
    try:
        manifest = export_all(
            options.out, names=options.name, force=options.force, progress=_report
        )
    except ExportError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    seconds = time.perf_counter() - start
    count = len(manifest.graphs)
    sys.stdout.write(f"{count} graphs are up to date in {options.out} after {seconds:.1f} s\n")
    return 0


def _report(name: str, done: int, total: int) -> None:
    sys.stdout.write(f"[{done}/{total}] {name}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
