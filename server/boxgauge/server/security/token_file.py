"""The file of tokens: a line each, with rights and a hash, never the token itself.

    # BoxGauge tokens: id, rights, hash of the secret
    3f9c2a7b1d04 ingest=team-a/* read=team-a/*,street sha256:2f6a…

The hash stands last, so that a line that is cut short while it is being written is no token.

SHA-256 once is enough here, and a slow hash would be no gain: those make *guessing* dear, and a
secret of 256 random bits cannot be guessed at any price, while each call pays for the hash.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from boxgauge.frames import InvalidInputError
from boxgauge.server.security.scopes import Grants, Scope, check_pattern

MAX_TOKENS = 10_000
MAX_BYTES = 4 * 2**20
_PREFIX = "boxgauge_"
_ID_BYTES, _SECRET_BYTES = 6, 32
_TOKEN = re.compile(rf"{_PREFIX}([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})", re.ASCII)
_ID = re.compile(r"[0-9a-f]{12}", re.ASCII)
_HASH = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)
_HEAD = b"# BoxGauge tokens: id, rights, hash of the secret. Removing a line revokes its token.\n"


@dataclass(frozen=True, slots=True)
class Token:
    """One line: what the service knows of a token.

    Attributes:
        id: What logs call it; not secret.
        grants: Its rights.
        digest: SHA-256 of its secret.
    """

    id: str
    grants: Grants
    digest: bytes

    @property
    def line(self) -> str:
        """It as a line of the file."""
        rights = (f"{scope.value}={','.join(of)}" for scope, of in self.grants.patterns.items())
        return f"{self.id} {' '.join(rights)} sha256:{self.digest.hex()}\n"


def new_token(scopes: Iterable[Scope], monitors: Iterable[str]) -> tuple[str, Token]:
    """Return a new token, to be shown once, and what is kept of it.

    Args:
        scopes: Its rights.
        monitors: To which patterns each of them extends.

    Raises:
        InvalidInputError: A pattern is malformed, or there is no scope or no pattern.
    """
    patterns = tuple(dict.fromkeys(map(check_pattern, monitors)))
    granted = tuple(dict.fromkeys(scopes))
    for field, found in (("scope", granted), ("monitors", patterns)):
        if not found:
            raise InvalidInputError.at(field, "none", "given at least once")
    secret, name = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_hex(_ID_BYTES)
    token = Token(name, Grants.of(dict.fromkeys(granted, patterns)), secret_digest(secret))
    return f"{_PREFIX}{name}_{secret}", token


def secret_digest(secret: str) -> bytes:
    """Return the hash under which a secret is kept."""
    return hashlib.sha256(secret.encode()).digest()


def id_and_secret(presented: str) -> tuple[str, str] | None:
    """Return the two parts of what a caller presents; None if it is no token at all."""
    found = _TOKEN.fullmatch(presented)
    return (found[1], found[2]) if found else None


def parse_tokens(content: bytes) -> dict[str, Token]:
    """Return the tokens of a file by id; ``#`` begins a comment.

    Raises:
        InvalidInputError: A line is malformed, or an id stands twice; names the line, and never
            quotes it, for it might be a token that somebody has put there.
    """
    if len(content) > MAX_BYTES:
        raise InvalidInputError.at("tokens", f"{len(content)} bytes", f"at most {MAX_BYTES}")
    try:
        lines = content.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise InvalidInputError.at("tokens", "other characters", "ASCII") from None
    tokens: dict[str, Token] = {}
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        token = _parsed(words, number)
        if token.id in tokens:
            raise _refused(number, f"the id {token.id} again", "distinct ids")
        tokens[token.id] = token
    if len(tokens) > MAX_TOKENS:
        raise InvalidInputError.at("tokens", len(tokens), f"at most {MAX_TOKENS}")
    return tokens


def _parsed(words: list[str], number: int) -> Token:
    digest = _HASH.fullmatch(words[-1])
    if len(words) < 3 or not _ID.fullmatch(words[0]) or digest is None:
        raise _refused(number, f"{len(words)} words", "ID SCOPE=MONITORS … sha256:HASH")
    patterns: dict[Scope, tuple[str, ...]] = {}
    for word in words[1:-1]:
        name, _, monitors = word.partition("=")
        if name not in {each.value for each in Scope} or Scope(name) in patterns:
            known = ", ".join(each.value for each in Scope)
            raise _refused(number, "another right, or one twice", f"each of {known} at most once")
        try:
            patterns[Scope(name)] = tuple(map(check_pattern, monitors.split(",")))
        except InvalidInputError:
            wanted = "monitors' names, or how they begin and then '*', with commas"
            raise _refused(number, f"malformed monitors of {name}", wanted) from None
    return Token(words[0], Grants(_ordered(patterns)), bytes.fromhex(digest[1]))


def _ordered(patterns: Mapping[Scope, tuple[str, ...]]) -> dict[Scope, tuple[str, ...]]:
    return {scope: patterns[scope] for scope in Scope if scope in patterns}


def _refused(number: int, found: str, wanted: str) -> InvalidInputError:
    return InvalidInputError.at(f"tokens, line {number},", found, wanted)


def append_token(path: Path, token: Token) -> None:
    """Add a line to the file, which is made, for its owner alone, if it is missing.

    Raises:
        InvalidInputError: The file is malformed, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            before = file.read()
            parse_tokens(before)
            start = b"\n" if before and not before.endswith(b"\n") else b""
            head = b"" if before else _HEAD
            # One write: whoever reads meanwhile finds the line whole or, without hash, malformed.
            file.write(start + head + token.line.encode())
            os.fsync(descriptor)
    except OSError as error:
        raise InvalidInputError.at("--file", f"{path} ({error.strerror})", "writable") from None
