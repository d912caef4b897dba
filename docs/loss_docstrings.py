"""Read the docstrings of the losses, which are their documentation, as Markdown."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

SECTIONS = ("Args", "Returns", "Edges", "When to use", "Raises", "References")


@dataclass(frozen=True)
class Description:
    """A docstring in Markdown.

    Attributes:
        first: Its first sentence.
        formula: What follows up to the first section: prose and formulas.
        arguments: What it says of each argument, by name.
        references: Each source.
        sections: The text of each other section, by its heading.
    """

    first: str
    formula: str
    arguments: dict[str, str]
    references: list[str]
    sections: dict[str, str]


def describe(function: Callable[..., object]) -> Description:
    """Return the docstring of ``function``.

    Raises:
        ValueError: There is none, or a section of it is empty.
    """
    text = inspect.getdoc(function)
    if not text:
        raise ValueError(f"{function.__name__} has no docstring")
    heading = re.compile(rf"^({'|'.join(SECTIONS)}):\n", re.M)
    body, *parts = heading.split(text)
    sections = {
        name: inspect.cleandoc("\n" + part).strip()
        for name, part in zip(parts[::2], parts[1::2], strict=True)
    }
    empty = [name for name, part in sections.items() if not part]
    if empty:
        raise ValueError(f"{function.__name__}: nothing stands under {', '.join(empty)}")
    first, _, formula = body.strip().partition("\n\n")
    return Description(
        first=_markdown(first),
        formula=_markdown(formula),
        arguments=_items(sections.pop("Args", "")),
        references=_references(sections.pop("References", "")),
        sections={name: _markdown(part) for name, part in sections.items()},
    )


def _items(section: str) -> dict[str, str]:
    """Return ``name: text`` items, whose further lines are indented."""
    items = re.split(r"^(\w+): ", section, flags=re.M)[1:]
    return {
        name: _markdown(inspect.cleandoc(text)).replace("\n", " ")
        for name, text in zip(items[::2], items[1::2], strict=True)
    }


def _references(section: str) -> list[str]:
    """Return each source: one ends with its address, if the next line begins another."""
    lines = section.splitlines()
    ends = [n for n, line in enumerate(lines, 1) if re.search(r"https://\S+$", line)]
    starts = [0, *ends]
    items = (" ".join(lines[a:b]) for a, b in zip(starts, [*ends, len(lines)], strict=True))
    return [item for item in items if item]


def _markdown(text: str) -> str:
    """Return reStructuredText as GitHub's Markdown: formulas fenced, code in single backticks."""
    text = re.sub(r":(?!math)\w+:`~?([^`]+)`", r"`\1`", text.replace("``", "`"))
    text = re.sub(r"\.\. math:: *((?:\S.*)?(?:\n(?:    .*|(?=\n    )))*)", _formula, text)
    return re.sub(r":math:`([^`]+)`", _inline, text).strip()


def _formula(math: re.Match[str]) -> str:
    # Fenced, since Markdown would take a backslash or an underscore of a formula as its own.
    return f"```math\n{inspect.cleandoc(math[1]).strip()}\n```"


def _inline(math: re.Match[str]) -> str:
    return f"$`{' '.join(math[1].split())}`$"
