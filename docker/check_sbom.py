"""Check a list of components against what the service asks for: nothing may be missing from it.

    python docker/check_sbom.py dist/boxgauge.cdx.json

The Python that runs this needs no package.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def asked_for(pyproject: dict[str, object], extra: str) -> set[str]:
    """Return the names of the distributions that the service needs directly."""
    project = pyproject["project"]
    if not isinstance(project, dict):
        raise TypeError("project must be a table")
    listed = [*project["dependencies"], *project["optional-dependencies"][extra]]
    return {_canonical(re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0]) for each in listed}


def faults(sbom: dict[str, object], wanted: set[str]) -> list[str]:
    """Return what is wrong with a list of components, in words."""
    if sbom.get("bomFormat") != "CycloneDX":
        return [f"bomFormat must be CycloneDX: got {sbom.get('bomFormat')!r}"]
    components = sbom.get("components")
    found = components if isinstance(components, list) else []
    names = {_canonical(each["name"]) for each in found}
    lacking = [f"{name} is missing" for name in sorted(wanted - names)]
    unnamed = [
        f"{each['name']} has no version or no package URL"
        for each in found
        if not each.get("version") or not str(each.get("purl", "pkg:")).startswith("pkg:")
    ]
    return lacking + unnamed


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Exit 0 and print how many components there are, or 1 and what is wrong."""
    sbom = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    pyproject = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    wrong = faults(sbom, asked_for(pyproject, "cpu"))
    if wrong:
        raise SystemExit("\n".join(wrong))
    sys.stdout.write(f"{len(sbom['components'])} components\n")


if __name__ == "__main__":
    main()
