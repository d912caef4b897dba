"""The page's own files, read once."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent; the tag changes with the content."""

    kind: str
    body: bytes
    etag: str


def read_static_files() -> dict[str, StaticFile]:
    """Return every file by the path it is served under; ``/`` is the page itself."""
    found = dict(_below(files(__package__) / "static", "/static/"))
    return found | {"/": found["/static/index.html"]}


def _below(folder: Traversable, path: str) -> list[tuple[str, StaticFile]]:
    found: list[tuple[str, StaticFile]] = []
    for each in folder.iterdir():
        kind = _KINDS.get("." + each.name.rpartition(".")[2])
        if each.is_dir():
            found += _below(each, f"{path}{each.name}/")
        elif kind is not None:
            body = each.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            found.append((path + each.name, StaticFile(kind, body, etag)))
    return found
