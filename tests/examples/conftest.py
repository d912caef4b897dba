"""Makes the examples' scripts importable, as running them by path does."""

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# The scripts import each other by plain name: their folder leads the path when they run.
for folder in ("precision_as_loss", "digit_scenes"):
    sys.path.insert(0, str(EXAMPLES / folder))


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the committed sample."""
    return EXAMPLES / "sample"
