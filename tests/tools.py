"""Commands that some tests need and that may be missing."""

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

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
        lacking(f"the command {name}")
    return path


def lacking(what: str) -> NoReturn:
    """Skip the test that needs this; fail it where BOXGAUGE_REQUIRE_TOOLS=1 promises it."""
    if os.environ.get("BOXGAUGE_REQUIRE_TOOLS") == "1":
        pytest.fail(f"BOXGAUGE_REQUIRE_TOOLS=1 requires {what}")
    pytest.skip(f"needs {what}")
