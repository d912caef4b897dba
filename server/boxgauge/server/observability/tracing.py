"""Spans of the call that is being answered; off, one costs a look at a context variable."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from functools import wraps
from typing import ParamSpec, TypeVar

from boxgauge.server.observability.calls import current, sharers
from boxgauge.server.observability.spans import NO_SPAN, NOTHING, Attribute, Span

P = ParamSpec("P")
R = TypeVar("R")


def span(name: str, **attributes: Attribute) -> AbstractContextManager[object]:
    """Return a context that is a span of the current call."""
    call = current()
    if call is None:
        contexts = sharers()
        return _of_each(contexts, name, attributes) if contexts else NOTHING
    return NOTHING if call.tracing is None else call.tracing.within(name, attributes)


@contextmanager
def _of_each(
    contexts: Sequence[Context], name: str, attributes: Mapping[str, Attribute]
) -> Iterator[None]:
    """Make this a span of each caller's call."""
    spans = [each.run(begin_span, name, **attributes) for each in contexts]
    try:
        yield
    finally:
        for each in spans:
            each.end()


def begin_span(name: str, **attributes: Attribute) -> Span:
    """Begin a span of the current call, to be ended by whoever ends what it is about."""
    call = current()
    if call is None or call.tracing is None:
        return NO_SPAN
    return call.tracing.begin(name, attributes)


def traced(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make each call of a function a span of the current call."""

    def around(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with span(name):
                return function(*args, **kwargs)

        return run

    return around
