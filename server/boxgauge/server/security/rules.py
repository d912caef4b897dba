"""The one table of what each RPC asks of its caller. What is not in it is denied to all."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from boxgauge.server.security.scopes import EVERY, Grants, Scope, forbidden

# Messages of services that share no type.
Message = Any


class Reach(Enum):
    """How far a right must extend."""

    OPEN = auto()
    """No right is needed, nor anybody known."""
    VALID = auto()
    """A caller must be known, whatever its rights."""
    SOME = auto()
    """To some monitors, whichever: the call concerns none, or shows only those."""
    NAMED = auto()
    """To the monitor that each message names."""
    ALL = auto()
    """To all monitors."""


def _as_it_is(_: Grants, answer: Message) -> Message:
    return answer


@dataclass(frozen=True, slots=True)
class Rule:
    """What one RPC asks for.

    Attributes:
        reach: How far the right must extend.
        scope: Which right; None where none is needed.
        field: The field of every request message that names the monitor.
        shown: Returns of an answer what a caller with these rights may see.
    """

    reach: Reach
    scope: Scope | None = None
    field: str = "monitor"
    shown: Callable[[Grants, Message], Message] = _as_it_is

    @property
    def is_audited(self) -> bool:
        """It is an administrative call."""
        return self.scope is Scope.ADMIN

    def check(self, grants: Grants, monitor: str, *, is_named: bool) -> None:
        """Check that these rights extend as far as is asked for.

        Args:
            grants: The caller's.
            monitor: What a message names.
            is_named: There is a message; before the first of a stream there is none.

        Raises:
            PermissionDeniedError: They do not.
        """
        if self.scope is None:
            return
        if self.reach is Reach.ALL:
            monitor, is_allowed = EVERY, grants.covers_all(self.scope)
        elif self.reach is Reach.NAMED and is_named:
            is_allowed = grants.covers(self.scope, monitor)
        else:
            is_allowed = grants.covers_some(self.scope)
        if not is_allowed:
            raise forbidden(self.scope, monitor)


def _readable(grants: Grants, answer: Message) -> Message:
    """Leave only the monitors that the caller may read."""
    kept = [each for each in answer.monitors if grants.covers(Scope.READ, each.name)]
    del answer.monitors[:]
    answer.monitors.extend(kept)
    return answer


def _told(grants: Grants, answer: Message) -> Message:
    """Leave of a monitor what its creator has said, unless it may read what is in there."""
    monitor = answer.monitor
    if not grants.covers(Scope.READ, monitor.name):
        kept = type(monitor)(name=monitor.name, settings=monitor.settings)
        monitor.CopyFrom(kept)
    return answer


OPEN, VALID = Rule(Reach.OPEN), Rule(Reach.VALID)
READ_SOME = Rule(Reach.SOME, Scope.READ)
READ, INGEST = Rule(Reach.NAMED, Scope.READ), Rule(Reach.NAMED, Scope.INGEST)
ADMIN = Rule(Reach.NAMED, Scope.ADMIN)

_SERVICES: dict[str, dict[str, Rule]] = {
    "boxgauge.v1.MonitorService": {
        "CreateMonitor": Rule(Reach.NAMED, Scope.ADMIN, shown=_told),
        "ListMonitors": Rule(Reach.SOME, Scope.READ, shown=_readable),
        "ResetMonitor": ADMIN,
        "DeleteMonitor": ADMIN,
        "Observe": INGEST,
        "GetReport": READ,
        "WatchReport": READ,
        "CompareModels": READ,
        "ExportTallies": READ,
    },
    # The journal has all monitors.
    "boxgauge.v1.AdminService": {"BackupJournal": Rule(Reach.ALL, Scope.ADMIN)},
    # These compute on what the caller brings, and concern no monitor.
    "boxgauge.v1.EvaluationService": {"Evaluate": READ_SOME},
    "inference.GRPCInferenceService": {
        "ServerLive": OPEN,
        "ServerReady": OPEN,
        "ServerMetadata": READ_SOME,
        "ModelReady": READ_SOME,
        "ModelMetadata": READ_SOME,
        "ModelConfig": READ_SOME,
        "ModelInfer": READ_SOME,
        "ModelStreamInfer": READ_SOME,
    },
    "grpc.health.v1.Health": {"Check": OPEN, "List": OPEN, "Watch": OPEN},
    "grpc.reflection.v1alpha.ServerReflection": {"ServerReflectionInfo": VALID},
}

RULES = {
    f"{service}/{method}": rule
    for service, methods in _SERVICES.items()
    for method, rule in methods.items()
}
