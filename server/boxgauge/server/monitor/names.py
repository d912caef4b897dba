"""Names of monitors and models, which also become metric labels."""

import re

from boxgauge.frames import InvalidInputError

_NAME = re.compile(r"[A-Za-z0-9_./-]{1,100}", re.ASCII)


def check_name(field: str, name: str) -> str:
    """Return the name if it is well formed.

    Raises:
        InvalidInputError: It is empty, longer than 100 bytes or has other characters.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInputError.at(
            field, repr(name[:120]), "1 to 100 letters, digits, '_', '-', '.' or '/'"
        )
    return name
