"""Give every alert the address of its section in docs/alerts.md, in the rules and in their tests.

    python docker/prometheus/runbooks.py

Whoever is called finds the address in the notification. What is there already stays; a test says
when this is to be run. The files are changed as text, since their comments are worth keeping.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
GUIDE = FOLDER.parents[1] / "docs" / "alerts.md"
BASE = "https://github.com/boxgauge/boxgauge/blob/main/docs/alerts.md"

_NAME = re.compile(r"^\s*- alert(?:name)?: (\w+)$")
_ANNOTATIONS = re.compile(r"^(\s*)(?:exp_)?annotations:$")


def sections() -> dict[str, str]:
    """Return the address of each alert's section: a heading may be of several alerts."""
    found = {}
    for title in re.findall(r"^### (.+)$", GUIDE.read_text(encoding="utf-8"), re.M):
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found |= dict.fromkeys(title.split(", "), f"{BASE}#{anchor}")
    return found


def with_runbooks(text: str, addresses: dict[str, str]) -> str:
    """Return the text of a file of rules or tests with an address wherever one belongs.

    Raises:
        KeyError: An alert has no section.
    """
    lines: list[str] = []
    name = ""
    for line in text.splitlines():
        if line.lstrip().startswith("runbook_url: "):
            continue
        lines.append(line)
        if found := _NAME.match(line):
            name = found[1]
        elif found := _ANNOTATIONS.match(line):
            lines.append(f"{found[1]}  runbook_url: {addresses[name]}")
    return "\n".join(lines) + "\n"


def files() -> list[Path]:
    """Return the files of rules and of tests."""
    return sorted(path for name in ("rules", "tests") for path in (FOLDER / name).glob("*.yml"))


if __name__ == "__main__":
    known = sections()
    for path in files():
        path.write_text(with_runbooks(path.read_text(encoding="utf-8"), known), encoding="utf-8")
