"""Commands that some tests need and that may be missing."""

import os
import shutil
import sys
from pathlib import Path

import pytest


def require_tool(name: str) -> str:
    """Return the path of the command ``name``, or skip the test that asks for it.

    The folder of this Python is searched first, where pip puts commands, activated or not. With
    BOXGAUGE_REQUIRE_TOOLS=1 the test fails instead: where the tools are said to be there, a skip
    would hide that they are not.
    """
    beside_python = Path(sys.executable).parent
    path = shutil.which(name, path=f"{beside_python}{os.pathsep}{os.environ.get('PATH', '')}")
    if path is None:
        if os.environ.get("BOXGAUGE_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{name} is not installed, and BOXGAUGE_REQUIRE_TOOLS=1 requires it")
        pytest.skip(f"needs the command {name}")
    return path
