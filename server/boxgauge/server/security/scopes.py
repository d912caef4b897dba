"""What a caller may do, and to which monitors."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from boxgauge.frames import InvalidInputError, PermissionDeniedError

EVERY = "*"
_PATTERN = re.compile(r"[A-Za-z0-9_./-]{1,100}|[A-Za-z0-9_./-]{0,100}\*", re.ASCII)


class Scope(Enum):
    """A kind of right. None of them includes another."""

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"


def check_pattern(pattern: str) -> str:
    """Return a pattern of monitor names: a name, or the beginning of names and ``*``.

    Raises:
        InvalidInputError: It is something else.
    """
    if not _PATTERN.fullmatch(pattern):
        raise InvalidInputError.at(
            "monitors", repr(pattern[:120]), "a monitor's name, or how names begin and then '*'"
        )
    return pattern


@dataclass(frozen=True, slots=True)
class Grants:
    """The rights of one caller.

    Attributes:
        patterns: The monitors of each scope; a scope that is absent is not granted at all.
    """

    patterns: Mapping[Scope, tuple[str, ...]]

    @classmethod
    def of(cls, patterns: Mapping[Scope, Iterable[str]]) -> "Grants":
        """Return these rights.

        Raises:
            InvalidInputError: A pattern is malformed.
        """
        return cls({scope: tuple(map(check_pattern, of)) for scope, of in patterns.items()})

    def covers(self, scope: Scope, monitor: str) -> bool:
        """Say whether this right extends to the monitor of this name."""
        return any(
            monitor.startswith(each[:-1]) if each.endswith(EVERY) else monitor == each
            for each in self.patterns.get(scope, ())
        )

    def covers_some(self, scope: Scope) -> bool:
        """Say whether this right extends to some names."""
        return bool(self.patterns.get(scope))

    def covers_all(self, scope: Scope) -> bool:
        """Say whether this right extends to all names."""
        return EVERY in self.patterns.get(scope, ())


ALL_RIGHTS = Grants(dict.fromkeys(Scope, (EVERY,)))


def forbidden(scope: Scope, monitor: str) -> PermissionDeniedError:
    """Return the error of a caller without this right; the same for monitors that do not exist."""
    whole = {"": "any monitor", "*": "all monitors"}.get(monitor, f"monitor {monitor[:100]!r}")
    return PermissionDeniedError(
        f"the right {scope.value!r} to {whole} is needed", field="monitor", value=monitor
    )
