"""Which top-level definitions a function depends on, read from source files, never imported.

A graph is exported again only when something that it is made of has changed. Whole files would
be too coarse: a new helper beside the others, or a better docstring, changes no graph. So files
are taken apart into top-level statements, and names are followed from one to the next, through
imports too. What is reckoned to depend on something may be too much, never too little:

- every name that occurs in a statement counts, also where a local one hides the global one;
- a statement that is not a plain definition, assignment or import counts always, and so does a
  decorated definition, for a decorator may register it somewhere;
- a module that is imported as a whole counts as a whole;
- what cannot be followed (``eval``, ``import *``) is refused.

Only docstrings and comments are left out.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

from boxgauge.export.errors import ExportError

PACKAGE = "boxgauge"

# A module's name and a name in it; None is all of it.
Reference = tuple[str, str | None]

_UNTRACEABLE = frozenset({"__import__", "eval", "exec", "globals", "import_module", "*"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Statement:
    """A top-level statement of a module; of an import, one name.

    Attributes:
        module: Where it stands.
        position: Among the statements of its module.
        text: Its code, without docstrings, comments and layout.
        binds: The names it defines.
        loads: All names that occur in it.
        imports: What it imports, also inside functions.
        always: Whether it counts for every user of the module.
    """

    module: str
    position: int
    text: str
    binds: frozenset[str]
    loads: frozenset[str]
    imports: tuple[Reference, ...]
    always: bool


class Definitions:
    """The statements of all modules of the package, each file read once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Look for ``boxgauge.a.b`` as ``a/b.py`` or ``a/b/__init__.py`` in these folders."""
        self._folders = folders
        self._modules: dict[str, tuple[Statement, ...]] = {}

    def behind(self, references: Iterable[Reference]) -> tuple[Statement, ...]:
        """Return every statement that these depend on, by module and in its order.

        Raises:
            ExportError: A name cannot be followed, or a module has no file; says which.
        """
        found: set[Statement] = set()
        waiting = [*references]
        seen = set(waiting)
        while waiting:
            for statement in self._statements(*waiting.pop()):
                if statement not in found:
                    found.add(statement)
                    uses = [(statement.module, name) for name in statement.loads]
                    new = {*statement.imports, *uses} - seen
                    seen |= new
                    waiting += new
        return tuple(sorted(found, key=lambda each: (each.module, each.position)))

    def _statements(self, module: str, name: str | None) -> Iterator[Statement]:
        """Yield what ``name`` of ``module`` is; nothing where that is not ours."""
        if module.partition(".")[0] != PACKAGE:
            return
        inner = f"{module}.{name}"
        if name is None:
            for each in self._modules_in(module):
                yield from self._read(each)
        elif bound := [each for each in self._read(module) if name in each.binds]:
            yield from bound
        elif self._file(inner) is not None:
            yield from self._statements(inner, None)
        elif not any(name in each.loads for each in self._read(module)):
            raise ExportError(f"{module} has no {name!r}: what uses it cannot be traced")
        for package in _packages(module):
            yield from (each for each in self._read(package) if each.always)

    def _read(self, module: str) -> tuple[Statement, ...]:
        if module not in self._modules:
            file = self._file(module)
            if file is None:
                raise ExportError(f"{module} has no source file: what it does cannot be traced")
            # A folder without an __init__.py is a package without statements.
            tree = ast.parse(file.read_text(encoding="utf-8") if file.is_file() else "")
            package = module.rpartition(".")[0] if file.stem != "__init__" else module
            self._modules[module] = tuple(
                _understood(module, package, position, node)
                for position, node in enumerate(_parts(_WithoutDocstrings().visit(tree)))
            )
        return self._modules[module]

    def _file(self, module: str) -> Path | None:
        """Return the module's file, or the folder that it is."""
        path = Path(*module.split(".")[1:])
        for folder in self._folders:
            place = folder / path
            if (place / "__init__.py").is_file():
                return place / "__init__.py"
            if module != PACKAGE and place.with_suffix(".py").is_file():
                return place.with_suffix(".py")
            if place.is_dir():
                return place
        return None

    def _modules_in(self, module: str) -> Iterator[str]:
        """Yield the module, and all there are in it where it is a package."""
        yield module
        file = self._file(module)
        if file is not None and (file.is_dir() or file.stem == "__init__"):
            folder = file if file.is_dir() else file.parent
            for each in sorted(folder.rglob("*.py")):
                parts = each.relative_to(folder).with_suffix("").parts
                inner = parts[:-1] if parts[-1] == "__init__" else parts
                if inner:
                    yield ".".join((module, *inner))


def _packages(module: str) -> Iterator[str]:
    """Yield the module and the packages around it, which are imported with it."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def _parts(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (ast.Import([alias]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (ast.ImportFrom(node.module, [each], node.level) for each in node.names)
        else:
            yield node


def _understood(module: str, package: str, position: int, node: ast.stmt) -> Statement:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    imports = tuple(_imports(node, package))
    refused = _UNTRACEABLE & (names | {name or "" for _, name in imports})
    if refused:
        raise ExportError(f"{module} uses {min(refused)}, which cannot be traced")
    binds = _binds(node)
    return Statement(
        module=module,
        position=position,
        text=ast.unparse(node),
        binds=frozenset(binds),
        loads=frozenset(names),
        imports=imports,
        always=not binds or bool(getattr(node, "decorator_list", ())),
    )


def _binds(node: ast.stmt) -> set[str]:
    """Return the names of a plain definition, assignment or import; of others, none."""
    if isinstance(node, _DEFINITIONS):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(each.asname or each.name).partition(".")[0] for each in node.names}
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = [node.target]
    names = {each.id for each in targets if isinstance(each, ast.Name)}
    return names if len(names) == len(targets) else set()


def _imports(node: ast.stmt, package: str) -> Iterator[Reference]:
    for each in ast.walk(node):
        if isinstance(each, ast.Import):
            yield from ((alias.name, None) for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            relative = "." * each.level + (each.module or "")
            source = resolve_name(relative, package) if each.level else relative
            yield from ((source, alias.name) for alias in each.names)


class _WithoutDocstrings(ast.NodeTransformer):
    def visit(self, node: ast.AST) -> Any:  # noqa: ANN401 (the base class's own)
        self.generic_visit(node)
        if isinstance(node, ast.Module) and ast.get_docstring(node) is not None:
            del node.body[0]
        elif isinstance(node, _DEFINITIONS) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node
