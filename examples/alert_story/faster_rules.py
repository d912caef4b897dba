"""The shipped rules with shorter times, for a story that is told in a minute.

    python examples/alert_story/faster_rules.py --by 240 docker/prometheus/rules /tmp/rules

Only durations change: `for`, the ranges of series, offsets. Expressions and thresholds stay.
"""

import argparse
import re
from pathlib import Path

# `for: 15m`, `[1d]`, `offset 1h`.
_DURATION = re.compile(r"(?P<before>\bfor: |\[|\boffset )(?P<count>\d+)(?P<unit>ms|[smhdw])\b")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def faster(rules: str, by: float, *, shortest_range_s: float) -> str:
    """Return the text of a rule file with all durations divided.

    Args:
        rules: The text.
        by: The divisor.
        shortest_range_s: No range becomes shorter: a rate needs two scrapes at least.
    """

    def replaced(found: re.Match[str]) -> str:
        seconds = int(found["count"]) * _SECONDS[found["unit"]] / by
        if found["before"] == "[":
            seconds = max(seconds, shortest_range_s)
        return f"{found['before']}{max(1, round(seconds * 1000))}ms"

    return _DURATION.sub(replaced, rules)


def write_faster(shipped: Path, folder: Path, by: float, *, shortest_range_s: float) -> None:
    """Write each rule file of a folder, made faster, into another folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(shipped.glob("*.yml")):
        text = faster(path.read_text(encoding="utf-8"), by, shortest_range_s=shortest_range_s)
        (folder / path.name).write_text(text, encoding="utf-8")


def main() -> None:
    """Make rules faster from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shipped", type=Path, help="folder of rule files")
    parser.add_argument("out", type=Path, help="folder that they are written to")
    parser.add_argument("--by", type=float, required=True, help="how many times faster")
    parser.add_argument("--shortest-range-s", type=float, default=4.0)
    asked = parser.parse_args()
    write_faster(asked.shipped, asked.out, asked.by, shortest_range_s=asked.shortest_range_s)


if __name__ == "__main__":
    main()
