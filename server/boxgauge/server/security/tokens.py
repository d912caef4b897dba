"""The tokens that are valid now."""

import hmac
from collections.abc import Mapping

from boxgauge.server.security.token_file import Token, id_and_secret, secret_digest

_NOBODY = bytes(32)


class Tokens:
    """Finds the token that a caller presents; replaced as a whole, from any thread."""

    def __init__(self, tokens: Mapping[str, Token]) -> None:
        self._tokens = tokens

    def __len__(self) -> int:
        return len(self._tokens)

    def replace(self, tokens: Mapping[str, Token]) -> None:
        """Let these be the valid ones from now on."""
        self._tokens = tokens

    def find(self, presented: str) -> Token | None:
        """Return the valid token that this is; None if there is none."""
        parts = id_and_secret(presented)
        if parts is None:
            return None
        found = self._tokens.get(parts[0])
        # The same work for an id that does not exist, and a time that tells nothing of the hash.
        kept = _NOBODY if found is None else found.digest
        is_same = hmac.compare_digest(kept, secret_digest(parts[1]))
        return found if is_same else None

    def now(self, token: Token) -> Token | None:
        """Return what a token that was valid is now: with other rights, or revoked."""
        found = self._tokens.get(token.id)
        return found if found is not None and found.digest == token.digest else None
