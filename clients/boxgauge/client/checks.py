"""What a client refuses before anything is sent, for gRPC's own words name no field."""

import re

from boxgauge.frames import FailedPreconditionError, InvalidInputError

_PORT = re.compile(r".+:(\d{1,5})", re.S)
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,100}", re.ASCII)
_SCHEMES = ("unix:", "unix-abstract:", "vsock:")


def check_target(target: object) -> str:
    """Return the address of a service.

    HOST:PORT, also behind a scheme of gRPC such as ``dns:///``, or a Unix socket.

    Raises:
        InvalidInputError: It is something else.
    """
    if isinstance(target, str):
        if target.startswith(_SCHEMES):
            return target
        found = _PORT.fullmatch(target)
        bare_v6 = target.count(":") > 1 and "[" not in target and "/" not in target
        if found and int(found[1]) < 65536 and not bare_v6 and target.isprintable():
            return target
    raise InvalidInputError.at("target", repr(target), "HOST:PORT")


def check_text(text: object, field: str) -> str:
    """Return a text that a message can carry.

    Raises:
        InvalidInputError: It is no text, or holds half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise InvalidInputError.at(field, repr(text), "a text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInputError.at(field, ascii(text[:40]), "Unicode text") from None
    return text


def check_name(name: object, field: str) -> str:
    """Return the name of a monitor or model.

    Raises:
        InvalidInputError: It is not made of 1 to 100 letters, digits and ``_-./``.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        shown = repr(name)[:80]
        raise InvalidInputError.at(field, shown, "1 to 100 letters, digits, _, -, . and /")
    return name


def check_window(window: object) -> int:
    """Return how many messages may be unanswered.

    Raises:
        InvalidInputError: It is not a whole number from 1.
    """
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise InvalidInputError.at("window", repr(window), "a whole number from 1")
    return window


def closed(target: str) -> FailedPreconditionError:
    """Return the error of a client that is used after its end."""
    return FailedPreconditionError(
        f"the client of {target} is closed: make a new one", field="target", value=target
    )
