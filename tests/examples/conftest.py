"""Makes the example scripts importable, as running them by path does."""

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# The scripts import each other by plain name: their folder leads the path when they run.
# So no two folders may have a module of the same name.
sys.path[:0] = [
    str(EXAMPLES / folder) for folder in ("digit_scenes", "precision_as_loss", "box_regression")
]


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the committed sample."""
    return EXAMPLES / "sample"
