"""Print what the distribution and the named extras require, one requirement a line.

    python docker/requirements.py pyproject.toml export cpu > requirements.txt

The image installs these before it copies the sources, so that an edited module does not
fetch gigabytes again. pip itself cannot install a project's dependencies alone.
"""

import sys
import tomllib
from pathlib import Path


def requirements(pyproject: Path, extras: list[str]) -> list[str]:
    """Return the requirements of the base install and of ``extras``, in file order.

    Raises:
        KeyError: if the project has no extra of that name.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *(line for extra in extras for line in optional[extra])]


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in requirements(Path(sys.argv[1]), sys.argv[2:])))
