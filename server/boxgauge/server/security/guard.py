"""Around every RPC: who calls is found out, and what it may not do is denied."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, NoReturn

import grpc

from boxgauge.frames import BoxGaugeError, PermissionDeniedError
from boxgauge.server.callers import CALLER
from boxgauge.server.handlers import behaviour_of, like
from boxgauge.server.security.access import UNKNOWN, Access, Caller
from boxgauge.server.security.audit import Audit
from boxgauge.server.security.denials import Denials
from boxgauge.server.security.guarded_call import GuardedCall, shown_name
from boxgauge.server.security.rules import RULES, Reach, Rule

# grpc's handler types carry no usable types for both kinds of handler at once.
Context = Any
Handler = Any
Message = Any

_HEADER = "authorization"


class Guard(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # of any message types
    """Denies what the table of rules does not allow, and writes down administrative calls.

    Must stand within `Answering`, which turns its errors into statuses.

    Args:
        access: Knows callers.
        audit: Where calls are written down.
        denials: Where denied ones are told of.
    """

    def __init__(self, access: Access, audit: Audit, denials: Denials) -> None:
        self._access = access
        self._audit = audit
        self._denials = denials

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler with this one around it."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method).removeprefix("/")
        rule = RULES.get(method)
        try:
            if rule is None:
                raise PermissionDeniedError(f"{method} is denied to all", field="method")
            if rule.reach is Reach.OPEN or (self._access.is_open and not rule.is_audited):
                return handler
            metadata: Any = handler_call_details.invocation_metadata or ()
            caller = self._access.by_headers(
                value for key, value in metadata if key == _HEADER and isinstance(value, str)
            )
        except BoxGaugeError as error:
            return self._denying(handler, method, error)
        return self._guarded(handler, method, rule, caller)

    def _guarded(self, handler: Handler, method: str, rule: Rule, caller: Caller) -> Handler:
        behaviour = behaviour_of(handler)

        def call(context: Context) -> GuardedCall:
            if caller.token is not None:
                CALLER.set(f"token {caller.name}")
            return GuardedCall(
                method=method,
                rule=rule,
                caller=caller,
                context=context,
                access=self._access,
                audit=self._audit,
                denials=self._denials,
            )

        async def answer(request: Message, context: Context) -> Message:
            return await call(context).answer(behaviour, request)

        async def answers(request: Message, context: Context) -> AsyncIterator[Message]:
            # Closed here and not by the garbage collector: a cancelled stream ends at once.
            async with aclosing(call(context).answers(behaviour, request)) as made:
                async for each in made:
                    yield each

        wrapped = answers if handler.response_streaming else answer
        return like(handler, wrapped, handler.request_deserializer)

    def _denying(self, handler: Handler, method: str, error: BoxGaugeError) -> Handler:
        """Return a handler that denies, and does not even decode what it is sent."""
        nothing: tuple[Message, ...] = ()

        def deny(context: Context) -> NoReturn:
            self._denials.tell(
                error,
                "grpc",
                method=method,
                monitor="",
                who=shown_name(UNKNOWN, context, self._access),
                peer=context.peer(),
            )
            raise error

        async def answer(_: Message, context: Context) -> Message:
            deny(context)

        async def answers(_: Message, context: Context) -> AsyncIterator[Message]:
            for each in nothing:  # what makes this a handler of streams
                yield each
            deny(context)

        return like(handler, answers if handler.response_streaming else answer, None)
