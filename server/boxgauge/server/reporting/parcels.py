"""Work and its results as bytes, between the service and the process that makes its reports.

Nothing else reads them: both ends are one program, over a socket that has no name. What callers
send is never read like this.
"""

import io
import pickle
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from boxgauge.engine import Engine

_ENGINE = "engine"


def packed(content: object) -> bytes:
    """Return the bytes; an engine in it stands for that of whoever unpacks them."""
    target = io.BytesIO()
    _Packer(target, protocol=pickle.HIGHEST_PROTOCOL).dump(content)
    return target.getvalue()


def unpacked(data: bytes, engine: Engine | None = None) -> object:
    """Return what was packed.

    Args:
        data: Of `packed`.
        engine: Stands for the one that was packed.
    """
    found: object = _Unpacker(io.BytesIO(data), engine).load()
    return found


class _Packer(pickle.Pickler):
    def persistent_id(self, obj: object) -> str | None:
        return _ENGINE if isinstance(obj, Engine) else None

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 (as pickle has it)
        kind = type(obj)
        if not is_dataclass(kind) or kind.__reduce__ is not object.__reduce__:
            return NotImplemented
        # Their fields alone: what is worked out of them and kept beside them another thread may
        # be adding at this moment.
        return _made, (kind, *(getattr(obj, name) for name in _names(kind)))


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _made(kind: type, *values: object) -> object:
    """Return a dataclass that was packed, whose values are not looked at again."""
    made: object = object.__new__(kind)
    for name, value in zip(_names(kind), values, strict=True):
        object.__setattr__(made, name, value)
    return made


class _Unpacker(pickle.Unpickler):
    def __init__(self, source: io.BytesIO, engine: Engine | None) -> None:
        super().__init__(source)
        self._engine = engine

    def persistent_load(self, pid: object) -> Engine:
        if pid != _ENGINE or self._engine is None:
            raise pickle.UnpicklingError(f"there is no {pid!r} here")
        return self._engine
