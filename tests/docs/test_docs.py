"""What the documents restate of the code is what the code says; what they link to is there."""

import importlib.util
import re
import shlex
from pathlib import Path

import click
import pytest
import typer.main

from boxgauge.cli.app import app
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


def test_the_generated_tables_are_current(graphs_dir: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_tables", ROOT / "docs" / "make_tables.py")
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    for file, text in tables.made(graphs_dir).items():
        assert file.read_text() == text, f"run python docs/make_tables.py: {file.name}"


def test_every_loss_is_described() -> None:
    described = set(re.findall(r"^## `(\w+)", (ROOT / "docs" / "losses.md").read_text(), re.M))
    assert described == {name for name in exported_losses if name.islower()}


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
