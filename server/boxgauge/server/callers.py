"""Who calls: what work that waits is taken in turns by."""

from contextvars import ContextVar

# A token's name, or else the connection; "": the service itself. Set around each RPC, and
# inherited by the tasks that it begins.
CALLER: ContextVar[str] = ContextVar("boxgauge_caller", default="")
