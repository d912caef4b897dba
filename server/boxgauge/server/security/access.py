"""Who calls: what a token or a certificate makes of a caller."""

from collections.abc import Iterable
from dataclasses import dataclass

from boxgauge.frames import UnauthenticatedError
from boxgauge.server.security.scopes import ALL_RIGHTS, Grants
from boxgauge.server.security.token_file import Token
from boxgauge.server.security.tokens import Tokens

BEARER = "bearer "
_ANYBODY = "anybody"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose rights are known.

    Attributes:
        name: For logs; never a secret.
        grants: What it may do.
        token: By which it is known; None: by its certificate, or nothing is asked for.
    """

    name: str
    grants: Grants
    token: Token | None = None


UNKNOWN = Caller("unknown", Grants({}))


class Access:
    """Knows callers.

    Where nothing is configured, everybody may do everything. With CAs of callers alone, whoever
    has a certificate of theirs may. With tokens, the token says what its holder may do; a
    certificate that is asked for too only opens the connection.

    Args:
        tokens: The valid ones; None: none are asked for.
        needs_certificate: Callers must have one.
    """

    def __init__(self, tokens: Tokens | None, *, needs_certificate: bool) -> None:
        self._tokens = tokens
        self._needs_certificate = needs_certificate

    @property
    def is_open(self) -> bool:
        """Nothing is asked for."""
        return self._tokens is None and not self._needs_certificate

    @property
    def needs_certificate(self) -> bool:
        """A certificate is asked for."""
        return self._needs_certificate

    @property
    def takes_tokens(self) -> bool:
        """A token is asked for."""
        return self._tokens is not None

    def by_headers(self, authorization: Iterable[str]) -> Caller:
        """Return the caller with these values of the header ``authorization``.

        Raises:
            UnauthenticatedError: A token is asked for, and none or an unknown one was presented.
        """
        if self._tokens is None:
            return Caller(_ANYBODY, ALL_RIGHTS)
        values = list(authorization)
        if not values:
            raise _unknown("none was sent")
        if len(values) > 1 or not values[0].lower().startswith(BEARER):
            raise _unknown("another kind was sent")
        return self.by_token(values[0][len(BEARER) :].strip())

    def by_token(self, presented: str) -> Caller:
        """Return the caller with this token.

        Raises:
            UnauthenticatedError: It is not valid.
        """
        token = None if self._tokens is None else self._tokens.find(presented)
        if token is None:
            raise _unknown("it is unknown or revoked")
        return Caller(f"token:{token.id}", token.grants, token)

    def now(self, caller: Caller) -> Caller:
        """Return the caller with the rights it has by now.

        Raises:
            UnauthenticatedError: Its token was revoked.
        """
        if self._tokens is None or caller.token is None:
            return caller
        token = self._tokens.now(caller.token)
        if token is caller.token:
            return caller
        if token is None:
            raise _unknown("it is unknown or revoked")
        return Caller(caller.name, token.grants, token)


def certificate_name(alternatives: Iterable[str], common_name: str) -> str:
    """Return how a certificate names its holder: by an alternative name, else the common one."""
    return next(iter(alternatives), common_name) or "without a name"


def with_certificate(caller: Caller, name: str) -> Caller:
    """Return the caller named after its certificate, too."""
    by_token = caller.token is not None
    shown = f"{caller.name} certificate:{name}" if by_token else f"certificate:{name}"
    return Caller(shown, caller.grants, caller.token)


def _unknown(found: str) -> UnauthenticatedError:
    return UnauthenticatedError(
        f"a valid token is needed, as 'authorization: Bearer TOKEN': {found}",
        field="authorization",
    )
