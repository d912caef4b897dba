"""Spans of the call that is being answered; off, one costs a look at a context variable."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, TypeVar

from boxgauge.server.observability.calls import current
from boxgauge.server.observability.spans import NO_SPAN, NOTHING, Attribute, Span

P = ParamSpec("P")
R = TypeVar("R")


def span(name: str, **attributes: Attribute) -> AbstractContextManager[object]:
    """Return a context that is a span of the current call."""
    call = current()
    if call is None or call.tracing is None:
        return NOTHING
    return call.tracing.within(name, attributes)


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
