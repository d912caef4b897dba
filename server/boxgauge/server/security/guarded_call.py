"""One RPC of a known caller: each of its messages is held against the caller's rights."""

import asyncio
import inspect
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from boxgauge.frames import BoxGaugeError
from boxgauge.server.messages import Checked
from boxgauge.server.security.access import (
    Access,
    Caller,
    certificate_name,
    with_certificate,
)
from boxgauge.server.security.audit import Audit
from boxgauge.server.security.denials import Denials
from boxgauge.server.security.rules import Reach, Rule

# grpc's types carry no usable types for all kinds of handler at once.
Context = Any
Message = Any
Behaviour = Callable[..., Any]


@dataclass(slots=True, kw_only=True)
class GuardedCall:
    """One RPC.

    Attributes:
        method: ``package.Service/Method``.
        rule: What it asks for.
        caller: Who calls, with the rights at its start.
        context: gRPC's.
        access: Knows what rights the caller has by now.
        audit: Where it is written down.
        denials: Where it is told of when it is denied.
    """

    method: str
    rule: Rule
    caller: Caller
    context: Context
    access: Access
    audit: Audit
    denials: Denials

    async def answer(self, behaviour: Behaviour, request: Message) -> Message:
        """Return the answer to a message or a stream of them: what the caller may see of it."""
        admitted = self._admitted(request)
        async with self._written_down(request):
            made = await behaviour(admitted, self.context)
        return self.rule.shown(self.caller.grants, made)

    async def answers(
        self, behaviour: Behaviour, request: Message
    ) -> AsyncGenerator[Message, None]:
        """Yield the answers to a message or a stream of them."""
        admitted = self._admitted(request)
        async with self._written_down(request):
            made = behaviour(admitted, self.context)
            if inspect.isawaitable(made):  # writes its answers itself
                await made
                return
            # Closed here and not by the garbage collector: a cancelled stream ends at once.
            async with aclosing(made):
                async for each in made:
                    if admitted is request:
                        # Rights may have changed since. Of a stream, each message asks again.
                        self._check(request)
                    yield each

    def _admitted(self, request: Message) -> Message:
        """Return a message that the caller may send, or a stream of those that it may.

        Raises:
            BoxGaugeError: It may not; of a stream, also when a message is read.
        """
        if hasattr(request, "__aiter__"):
            self._check(None)
            return Checked(request, self._check)
        self._check(request)
        return request

    def _check(self, request: Message | None) -> None:
        """Check one message, or None: what the call asks for whatever its messages say.

        Raises:
            UnauthenticatedError: The caller's token was revoked meanwhile.
            PermissionDeniedError: It may not do this.
        """
        monitor = ""
        if self.rule.reach is Reach.NAMED and request is not None:
            # Of what is no message at all, nothing: it is refused further within.
            monitor = str(getattr(request, self.rule.field, ""))
        try:
            self.caller = self.access.now(self.caller)
            self.rule.check(self.caller.grants, monitor, is_named=request is not None)
        except BoxGaugeError as error:
            self.denials.tell(
                error,
                "grpc",
                method=self.method,
                monitor=monitor,
                who=shown_name(self.caller, self.context, self.access),
                peer=self.context.peer(),
            )
            raise

    @asynccontextmanager
    async def _written_down(self, request: Message) -> AsyncIterator[None]:
        """Write an administrative call down before it is carried out, and what came of it after.

        Raises:
            UnavailableError: It cannot be written down, and is not carried out.
        """
        if not self.rule.is_audited:
            yield
            return
        fields = {
            "call": secrets.token_hex(8),
            "method": self.method,
            "monitor": getattr(request, self.rule.field, ""),
            "who": shown_name(self.caller, self.context, self.access),
            "peer": self.context.peer(),
        }
        await asyncio.to_thread(self.audit.write, "begin", **fields)
        outcome = "OK"
        try:
            yield
        except BoxGaugeError as error:
            outcome = error.status
            raise
        except (asyncio.CancelledError, GeneratorExit):
            # A stream of answers whose client has left is closed where it waits to go on.
            outcome = "CANCELLED"
            raise
        except BaseException:
            outcome = "INTERNAL"
            raise
        finally:
            await asyncio.to_thread(self.audit.note, "end", outcome=outcome, **fields)


def shown_name(caller: Caller, context: Context, access: Access) -> str:
    """Return what logs call the caller: its token's id, its certificate's name, or both."""
    if not access.needs_certificate:
        return caller.name
    fields = context.auth_context()
    alternatives = [_text(each) for each in fields.get("x509_subject_alternative_name", ())]
    common = [_text(each) for each in fields.get("x509_common_name", ())]
    name = certificate_name(alternatives, common[0] if common else "")
    return with_certificate(caller, name).name


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
