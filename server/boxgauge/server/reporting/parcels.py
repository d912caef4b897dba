"""Work and its results as bytes, between the service and the process that makes its reports.

Nothing else reads them: both ends are one program, over a socket that has no name. What callers
send is never read like this.
"""

import io
import pickle

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


class _Unpacker(pickle.Unpickler):
    def __init__(self, source: io.BytesIO, engine: Engine | None) -> None:
        super().__init__(source)
        self._engine = engine

    def persistent_load(self, pid: object) -> Engine:
        if pid != _ENGINE or self._engine is None:
            raise pickle.UnpicklingError(f"there is no {pid!r} here")
        return self._engine
