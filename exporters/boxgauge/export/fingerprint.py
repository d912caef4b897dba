"""What a catalog entry is, in words that stay the same while its graphs would."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import Any

import numpy as np
import torch

from boxgauge.export.definitions import PACKAGE, Reference
from boxgauge.export.entry import Entry
from boxgauge.export.errors import ExportError

# Whose versions the digest has, or Python's own.
_KNOWN = frozenset({"torch", *sys.stdlib_module_names})

_LITERALS = (str, bytes, bool, int, float, complex, torch.dtype, torch.device)


@dataclass
class Fingerprint:
    """A value spelled out, and the definitions that its functions and classes refer to."""

    references: set[Reference] = field(default_factory=set)

    def of(self, value: object) -> str:
        """Return the value in words.

        Raises:
            ExportError: It is of a kind that cannot be spelled out.
        """
        if value is None or isinstance(value, _LITERALS):
            return repr(value)
        if isinstance(value, list | tuple | set | frozenset | Mapping):
            return f"{type(value).__name__}({', '.join(self._items(value))})"
        if isinstance(value, torch.Tensor | np.ndarray):
            array = np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)
            return f"array({array.dtype}, {array.shape}, {array.tobytes().hex()})"
        if callable(value) and not isinstance(value, torch.nn.Module):
            return self._callable(value)
        return self._object(value)

    def _callable(self, value: Callable[..., Any]) -> str:
        if isinstance(value, functools.partial):
            parts = (value.func, value.args, value.keywords)
            return f"partial({', '.join(map(self.of, parts))})"
        if inspect.ismethod(value):
            return f"method({self.of(value.__self__)}, {value.__name__})"
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type | BuiltinFunctionType):
            return self._named(value)
        return self._object(value)

    def _object(self, value: object) -> str:
        """Return an ordinary object's class and attributes: an enum's, a dataclass's."""
        return f"{self._named(type(value))}({self.of(object.__getstate__(value))})"

    def _items(self, values: Any) -> Iterator[str]:  # noqa: ANN401 (any collection)
        if isinstance(values, Mapping):
            yield from (f"{self.of(key)}: {self.of(value)}" for key, value in values.items())
        elif isinstance(values, set | frozenset):
            yield from sorted(map(self.of, values))
        else:
            yield from map(self.of, values)

    def _named(self, value: Any) -> str:  # noqa: ANN401 (a class or function)
        module, name = value.__module__ or "builtins", value.__qualname__
        if module.partition(".")[0] == PACKAGE:
            self.references.add((module, name.partition(".")[0]))
        elif module.partition(".")[0] not in _KNOWN:
            raise ExportError(f"what {module}.{name} depends on cannot be traced")
        return f"{module}.{name}"

    def _function(self, function: FunctionType) -> str:
        # Tests wrap kernels into checks of their shapes.
        plain = inspect.unwrap(function)
        if "<" not in plain.__qualname__ or not plain.__module__.startswith(f"{PACKAGE}."):
            return self._named(plain)
        # Made by another function, or a lambda: it has no name, but code and what it closes over.
        cells = [cell.cell_contents for cell in plain.__closure__ or ()]
        defaults = (plain.__defaults__, plain.__kwdefaults__)
        outer = plain.__qualname__.partition(".")[0]
        if "<" not in outer:
            self.references.add((plain.__module__, outer))
        code = _Code(plain.__code__)
        known = code.names & plain.__globals__.keys()
        self.references.update((plain.__module__, name) for name in known)
        return f"{code.text}({self.of((cells, defaults))})"


class _Code:
    """Compiled code in words, without the places where it stood."""

    def __init__(self, code: CodeType) -> None:
        inner = [_Code(each) for each in code.co_consts if isinstance(each, CodeType)]
        consts = [
            Fingerprint().of(each) for each in code.co_consts if not isinstance(each, CodeType)
        ]
        consts += [each.text for each in inner]
        self.names: set[str] = set(code.co_names).union(*(each.names for each in inner))
        variables = (code.co_varnames, code.co_freevars, code.co_cellvars)
        self.text: str = f"code({code.co_code.hex()}, {code.co_names}, {variables}, {consts})"


def fingerprint(entry: Entry) -> tuple[str, frozenset[Reference]]:
    """Return the entry in words, and what its kernel and examples refer to."""
    taken = Fingerprint()
    return taken.of(entry), frozenset(taken.references)
