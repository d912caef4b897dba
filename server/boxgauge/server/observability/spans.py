"""Spans as the rest of the service sees them: nothing at all unless traces are switched on."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Attribute = str | int | float | bool


class Span(Protocol):
    """A span that outlives the function that began it."""

    @property
    def trace_id(self) -> str:
        """Return the id of its trace, in hex."""

    def use(self) -> AbstractContextManager[object]:
        """Make it the parent of the spans that are begun within, also in tasks started there."""

    def enter(self) -> None:
        """Make it the parent of what this task begins from now on."""

    def end(self, status: str = "OK", *, is_fault: bool = False) -> None:
        """End it.

        Args:
            status: Name of a gRPC status.
            is_fault: The fault is the service's own.
        """


class Tracing(Protocol):
    """Where spans go."""

    def rpc(
        self, method: str, metadata: Mapping[str, str], attributes: Mapping[str, Attribute]
    ) -> Span:
        """Begin the span of an RPC; the metadata may name its parent (W3C ``traceparent``)."""

    def begin(self, name: str, attributes: Mapping[str, Attribute]) -> Span:
        """Begin a span below the current one."""

    def within(
        self, name: str, attributes: Mapping[str, Attribute]
    ) -> AbstractContextManager[object]:
        """Return a context that is a span below the current one."""


class NoSpan:
    """Nothing, for calls that are not traced."""

    trace_id = ""

    def use(self) -> AbstractContextManager[object]:
        """Do nothing."""
        return NOTHING

    def enter(self) -> None:
        """Do nothing."""

    def end(self, status: str = "OK", *, is_fault: bool = False) -> None:
        """Do nothing."""


NOTHING: AbstractContextManager[object] = nullcontext()
NO_SPAN = NoSpan()
