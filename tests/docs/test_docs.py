"""What the documents restate of the code is what the code says; what they link to is there."""

import importlib
import inspect
import re
import shlex
from pathlib import Path

import click
import pytest
import typer.main

from boxgauge.cli.app import app
from boxgauge.export import catalog
from boxgauge.losses import __all__ as exported_losses
from tests.docs.conftest import ROOT, documents, shell_lines

LINK = re.compile(r"\]\(([^)\s]+)\)")
TARGET = re.compile(r"^(\w[\w-]*):", re.M)


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", documents(), ids=lambda file: str(file.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(document.read_text()):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("document", documents(), ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_is_left_to_be_filled_in(document: Path) -> None:
    assert "{{" not in document.read_text()


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the scripts of ``docs/`` importable, as running them by path does."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))


@pytest.mark.usefixtures("scripts")
def test_the_generated_tables_are_current(graphs_dir: Path) -> None:
    for file, text in importlib.import_module("make_tables").made(graphs_dir).items():
        assert file.read_text() == text, f"run python docs/make_tables.py: {file.name}"


@pytest.mark.usefixtures("scripts")
def test_the_pages_of_the_losses_are_current() -> None:
    for file, text in importlib.import_module("make_loss_pages").made().items():
        assert file.read_text() == text, f"run python docs/make_loss_pages.py: {file.name}"


@pytest.mark.usefixtures("scripts")
def test_every_loss_of_boxes_has_a_figure() -> None:
    figures = {file.stem for file in (ROOT / "docs" / "images" / "losses").glob("*.png")}
    assert figures == {e.name for e in importlib.import_module("make_loss_figures").box_losses()}


LOSSES = {entry.name: entry.kernel for entry in catalog().values() if entry.topic}


@pytest.mark.usefixtures("scripts")
@pytest.mark.parametrize("name", LOSSES)
def test_the_docstring_of_a_loss_says_it_all(name: str) -> None:
    words = importlib.import_module("loss_docstrings").describe(inspect.unwrap(LOSSES[name]))
    assert words.first.startswith("Return ")
    assert {"Returns", "Edges", "When to use"} <= words.sections.keys()
    assert words.references
    assert [*words.arguments] == [*inspect.signature(LOSSES[name]).parameters]


def test_every_exported_loss_is_in_the_catalog() -> None:
    kernels = {name for name in exported_losses if name.endswith("_loss")}
    # Takes terms that are reduced already: there is no graph of it.
    assert kernels - {"total_loss"} == LOSSES.keys()


def test_every_boxgauge_command_is_one_that_the_command_takes() -> None:
    lines = [line for line in shell_lines() if line.startswith("boxgauge ")]
    assert lines
    for line in lines:
        name, *arguments = shlex.split(line)
        command: click.Command = typer.main.get_command(app)
        while isinstance(command, click.Group):
            name, *arguments = arguments
            found = command.get_command(click.Context(command), name)
            assert found is not None, line
            command = found
        command.make_context(name, arguments)


def test_every_make_target_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    wanted = {
        word
        for line in shell_lines()
        if re.match(r"(\w+=\S+ )*make ", line)
        for word in line.partition("make ")[2].split()
        if "=" not in word
    }
    assert wanted
    assert wanted <= targets
