"""What a definition depends on is found in the sources: enough, and little more."""

from pathlib import Path

import pytest

from boxgauge.export import ExportError
from boxgauge.export.definitions import Definitions


def behind(folder: Path, module: str, name: str | None) -> list[str]:
    return [each.text for each in Definitions([folder]).behind([(module, name)])]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "losses").mkdir()
    (tmp_path / "losses" / "__init__.py").write_text("from boxgauge.losses.a import loss\n")
    (tmp_path / "losses" / "a.py").write_text(
        '"""Words."""\n'
        "import math\n"
        "import torch\n"
        "from boxgauge.losses.b import half, third\n"
        "SCALE = 2\n"
        "UNUSED = 3\n\n"
        "def loss(x):\n"
        '    """Return."""\n'
        "    return half(x) * SCALE  # twice a half\n\n"
        "def other(x):\n"
        "    return third(x) + UNUSED\n"
    )
    (tmp_path / "losses" / "b.py").write_text(
        "def half(x):\n    return _divided(x, 2)\n\n"
        "def third(x):\n    return _divided(x, 3)\n\n"
        "def _divided(x, by):\n    return x / by\n"
    )
    return tmp_path


def test_names_are_followed_and_nothing_else_is(package: Path) -> None:
    assert behind(package, "boxgauge.losses.a", "loss") == [
        "from boxgauge.losses.b import half",
        "SCALE = 2",
        "def loss(x):\n    return half(x) * SCALE",
        "def half(x):\n    return _divided(x, 2)",
        "def _divided(x, by):\n    return x / by",
    ]


def test_a_name_is_found_through_its_package(package: Path) -> None:
    through = behind(package, "boxgauge.losses", "loss")
    assert through[1:] == behind(package, "boxgauge.losses.a", "loss")


@pytest.mark.parametrize(
    "line",
    [
        "import boxgauge.losses.b",
        "import boxgauge.losses.b as b",
        "from boxgauge.losses import b",
        "from boxgauge import losses",
        "import boxgauge.losses",
        "from . import b",
        "from .b import half, third",
    ],
)
def test_what_is_imported_as_a_whole_counts_as_a_whole(package: Path, line: str) -> None:
    (package / "losses" / "c.py").write_text(f"def loss(x):\n    {line}\n    return x\n")
    texts = behind(package, "boxgauge.losses.c", "loss")
    assert "def third(x):\n    return _divided(x, 3)" in texts


@pytest.mark.parametrize(
    "line",
    [
        "torch.set_default_dtype(torch.float64)",
        "if True:\n    x = 1",
        "@register(half)\ndef _(x):\n    return x",
        "table[half] = 1",
        "one, two = (1, 2)",
    ],
)
def test_what_may_act_at_a_distance_counts_for_the_whole_module(package: Path, line: str) -> None:
    with (package / "losses" / "b.py").open("a") as file:
        file.write(line + "\n")
    assert line in behind(package, "boxgauge.losses.a", "loss")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("half = eval('x')", "uses eval, which cannot be traced"),
        ("from torch import *", "uses \\*, which cannot be traced"),
        ("from boxgauge.losses.a import nothing as half", "has no 'nothing'"),
        ("from boxgauge.losses.gone import half", "gone has no source file"),
    ],
)
def test_what_cannot_be_followed_is_refused(package: Path, line: str, message: str) -> None:
    (package / "losses" / "b.py").write_text(f"{line}\nthird = half\n")
    with pytest.raises(ExportError, match=message):
        behind(package, "boxgauge.losses.a", "loss")
