"""Makes the digit-scene scripts importable, as running them by path does."""

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# The scripts import each other by plain name: their folder leads the path when they run.
sys.path.insert(0, str(EXAMPLES / "digit_scenes"))


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the committed sample."""
    return EXAMPLES / "sample"
