"""What tests of several packages share: the exported graphs."""

import os
from pathlib import Path

import jaxtyping
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

import tests.shapes

# Before any test imports a kernel: each call is then held against its signature's shapes.
install_import_hook(["boxgauge.losses", "boxgauge.metrics"], f"{tests.shapes.__name__}.checked")

ROOT = Path(__file__).resolve().parent.parent

# How long an example takes is no claim of any test: a busy machine is slow.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def graphs_dir() -> Path:
    """Return the folder of the exported graphs, exported first if they are not up to date.

    It is ``graphs/`` of the checkout, shared with ``make``, or what BOXGAUGE_GRAPHS names.
    """
    from boxgauge.export import export_all  # torch takes seconds, and only some tests need it

    folder = Path(os.environ.get("BOXGAUGE_GRAPHS") or ROOT / "graphs")
    export_all(folder)
    return folder


@pytest.fixture
def signatures_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave wrong arguments to the code under test, whose own refusal is then what is seen.

    The checker looks at one item of a sequence, drawn anew each time: without this, a test of
    a bad item passes or fails by chance.
    """
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
