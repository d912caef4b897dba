"""Whose call is being answered: known to every line of the log and every span within it."""

import re
import secrets
from collections.abc import Sequence
from contextvars import Context, ContextVar
from dataclasses import dataclass

from boxgauge.server.observability.spans import Tracing

REQUEST_ID = "x-request-id"
MAX_REQUEST_ID = 64
# What other systems use as ids (UUIDs, trace ids, base64), and nothing that could break a line.
_WORDS = re.compile(rf"[A-Za-z0-9._:/+=@-]{{1,{MAX_REQUEST_ID}}}")
_MAX_MONITOR = 100


@dataclass(slots=True)
class Call:
    """One RPC.

    Attributes:
        request_id: The caller's own, or one that was made.
        method: ``package.Service/Method``.
        peer: Address of the caller, as gRPC writes it.
        tracing: Where its spans go; None: nowhere.
        trace_id: Of its trace, in hex; empty where there is none.
    """

    request_id: str
    method: str
    peer: str
    tracing: Tracing | None = None
    trace_id: str = ""


# Tasks and `asyncio.to_thread` take these along by themselves. They are never reset: gRPC runs each
# RPC in a task of its own, whose context ends with it.
_CALL: ContextVar[Call | None] = ContextVar("call", default=None)
_SHARED: ContextVar[tuple[Context, ...]] = ContextVar("shared", default=())
_MONITOR: ContextVar[str] = ContextVar("monitor", default="")


def begin(call: Call) -> None:
    """Say that what this task does from now on belongs to this call."""
    _CALL.set(call)


def current() -> Call | None:
    """Return the call that is being answered; None outside of calls."""
    return _CALL.get()


def at_monitor(name: str) -> None:
    """Say which monitor this task, and those it starts from now on, is about."""
    _MONITOR.set(name)


def monitor() -> str:
    """Return the monitor that this is about, cut short; empty where none is known."""
    return _MONITOR.get()[:_MAX_MONITOR]


def share(contexts: Sequence[Context]) -> None:
    """Say that what this task does from now on is done for several callers together.

    Its spans are then spans of each of their calls; its log lines are nobody's. The task must
    have begun in a context of its own: ``create_task(..., context=Context())``.

    Args:
        contexts: One each, as `contextvars.copy_context` returned it where they asked.
    """
    _SHARED.set(tuple(contexts))


def sharers() -> tuple[Context, ...]:
    """Return the contexts of those for whom this is done together; none: it is one call's."""
    return _SHARED.get()


def request_id(given: object) -> str:
    """Return the caller's id of a request if it can stand in a log, else a new one.

    Args:
        given: What the metadata ``x-request-id`` said, or None.
    """
    if isinstance(given, str) and _WORDS.fullmatch(given):
        return given
    return secrets.token_hex(8)
