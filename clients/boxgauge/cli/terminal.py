"""Where things are printed, and progress bars beside them on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from boxgauge.cli.failures import one_line

_LONG = 200  # a bar for less would only flicker


def out() -> Console:
    """Return the console of results; wide enough for tables where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120)


def say(message: object) -> None:
    """Print one line beside the results, on standard error."""
    sys.stderr.write(f"{one_line(message)}\n")


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural where there is not exactly one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@contextmanager
def working(on: str) -> Iterator[None]:
    """Show on standard error, if that is a terminal, what takes a while."""
    with Console(stderr=True).status(on):
        yield


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how many more are done.

    The bar is on standard error, gone when done, and shown on a terminal only.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown = console.is_terminal and total >= _LONG
    with Progress(
        *columns, TimeElapsedColumn(), console=console, transient=True, disable=not shown
    ) as progress:
        task = progress.add_task(title, total=total)
        yield lambda more: progress.advance(task, more)


@contextmanager
def export_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that is told of each finished graph: name, how many, of how many."""
    console = Console(stderr=True)
    columns = (TextColumn("exporting"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=None)

        def advance(name: str, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            progress.console.print(f"{done}/{total} {name}", highlight=False)

        yield advance
