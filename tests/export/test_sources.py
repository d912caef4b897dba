"""A digest changes with what a graph is made of, and with nothing else."""

import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import boxgauge.export
from boxgauge.export import ExportError, catalog
from boxgauge.export.entry import Entry
from boxgauge.export.fingerprint import fingerprint
from boxgauge.export.sources import producer_versions, source_digests
from boxgauge.losses import giou_loss

FOLDER = Path(boxgauge.export.__file__).parent.parent
ENTRIES = [catalog()[name] for name in ("iou_loss", "giou_loss", "focal_loss", "ap_loss", "match")]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for package in ("export", "losses", "metrics"):
        shutil.copytree(FOLDER / package, tmp_path / package)
    return tmp_path


def changed(checkout: Path, edit: Callable[[], object]) -> set[str]:
    """Return the names of the entries whose digest an edit of the sources changes."""
    producer = producer_versions()
    before = source_digests(ENTRIES, producer, folders=[checkout])
    edit()
    after = source_digests(ENTRIES, producer, folders=[checkout])
    return {name for name in before if before[name] != after[name]}


def edited(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_place_of_the_checkout_does_not_count(checkout: Path) -> None:
    producer = producer_versions()
    assert source_digests(ENTRIES, producer) == source_digests(
        ENTRIES, producer, folders=[checkout]
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        pytest.param("losses/giou.py", "return 1 -", "return 2 -", {"giou_loss"}, id="a kernel"),
        pytest.param(
            "losses/boxes.py", "def hull(", "def hull(*_, ", {"giou_loss"}, id="what one uses"
        ),
        pytest.param(
            "losses/boxes.py",
            "def intersection(",
            "def intersection(*_, ",
            {"iou_loss", "giou_loss"},
            id="what two use",
        ),
        pytest.param(
            "export/examples/boxes.py",
            "def extreme_box_pairs(",
            "def extreme_box_pairs(*_, ",
            {"iou_loss", "giou_loss"},
            id="examples",
        ),
        pytest.param(
            "export/parity.py",
            '"float32": 1e-5',
            '"float32": 1e-4',
            {entry.name for entry in ENTRIES},
            id="the exporter",
        ),
        pytest.param("losses/giou.py", '"""Return', '"""Give', set(), id="a docstring"),
        pytest.param("export/build.py", "_MOST_WORKERS = 4", "_MOST_WORKERS = 3", set(), id="pool"),
        pytest.param(
            "losses/boxes.py", "\ndef hull", "\ndef new(x):\n    return x\n\n\ndef hull", set(),
            id="a neighbour",
        ),
    ],
)  # fmt: skip
def test_an_edit_changes_the_digests_of_what_depends_on_it(
    checkout: Path, file: str, old: str, new: str, expected: set[str]
) -> None:
    assert changed(checkout, lambda: edited(checkout / file, old, new)) == expected


def test_versions_of_the_producers_count() -> None:
    producer = producer_versions()
    before = source_digests(ENTRIES, producer)
    after = source_digests(ENTRIES, producer | {"torch": "0"})
    assert all(before[name] != after[name] for name in before)


def test_the_entry_itself_counts() -> None:
    entry = catalog()["giou_loss"]
    variants = [
        entry,
        replace(entry, version=2),
        replace(entry, reference="Another"),
        replace(entry, inputs=entry.inputs[::-1]),
        replace(entry, kernel=functools.partial(giou_loss, eps=1e-6)),
        replace(entry, kernel=functools.partial(giou_loss, eps=1e-7)),
        replace(entry, kernel=lambda a, b: giou_loss(a, b) * 2),
        replace(entry, kernel=lambda a, b: giou_loss(a, b) * 3),
        replace(entry, kernel=lambda a, b: giou_loss(a, b) ** 3),
        replace(entry, kernel=scaled(2)),
        replace(entry, kernel=scaled(3)),
        replace(entry, kernel=Scaled(torch.ones(2))),
        replace(entry, kernel=Scaled(torch.zeros(2))),
    ]
    words = [fingerprint(each)[0] for each in map(as_if_ours, variants)]
    assert len(set(words)) == len(words)
    assert words == [fingerprint(each)[0] for each in map(as_if_ours, variants)]


def scaled(by: float) -> Callable[..., torch.Tensor]:
    def loss(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return giou_loss(pred, target) * by

    return loss


class Scaled(torch.nn.Module):
    def __init__(self, by: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("by", by)


def as_if_ours(entry: Entry) -> Entry:
    """Return the entry with a kernel that says it comes from the package."""
    kernel = entry.kernel
    owner = type(kernel) if isinstance(kernel, Scaled) else kernel
    if getattr(owner, "__module__", "") == __name__:
        owner.__module__ = "boxgauge.losses.scaled"
    return entry


def test_what_comes_from_elsewhere_is_refused() -> None:
    entry = replace(catalog()["giou_loss"], kernel=elsewhere)
    with pytest.raises(ExportError, match=r"what .*elsewhere depends on cannot be traced"):
        fingerprint(entry)


def elsewhere(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return pred + target


def test_digests_are_the_same_in_every_process() -> None:
    # Strings hash differently in each; and no test has wrapped the kernels there.
    script = (
        "import json; from boxgauge.export import catalog\n"
        "from boxgauge.export.sources import producer_versions, source_digests\n"
        "print(json.dumps(source_digests(catalog().values(), producer_versions())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stdout) == source_digests(catalog().values(), producer_versions())
