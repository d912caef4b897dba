"""The file of tokens: readable for the service, and for nobody else."""

import re
from pathlib import Path

from boxgauge.cli.diagnosis.finding import Finding

_OTHERS = 0o077
# A line is `ID SCOPE=MONITORS … sha256:HASH`: a token itself has no place there.
_TOKEN = re.compile(r"\bboxgauge_[0-9a-f]{12}_[A-Za-z0-9_-]{43}")
_LINE = re.compile(r"[0-9a-f]{12}(\s+(ingest|read|admin)=\S+)+\s+sha256:[0-9a-f]{64}", re.ASCII)


def token_findings(tokens: Path | None) -> list[Finding]:
    """Judge the file; nothing is said where none is configured. No line is ever quoted."""
    if tokens is None:
        return []
    try:
        text = tokens.read_text(encoding="ascii")
    except UnicodeDecodeError:
        words = f"{tokens} has other characters than ASCII"
        return [Finding("tokens", words, "make it anew with `boxgauge token create`")]
    except OSError as error:
        words = f"{tokens} cannot be read: {error.strerror}"
        return [Finding("tokens", words, "make one with `boxgauge token create`")]
    return [_judged(tokens, text)]


def _judged(tokens: Path, text: str) -> Finding:
    lines = [each.partition("#")[0].strip() for each in text.splitlines()]
    for number, line in enumerate(lines, start=1):
        if _TOKEN.search(line):
            words = f"line {number} of {tokens} has a token itself, and only its hash may be kept"
            return Finding("tokens", words, "take it out, revoke it, and create another")
        if line and not _LINE.fullmatch(line):
            words = f"line {number} of {tokens} is none: ID SCOPE=MONITORS … sha256:HASH is wanted"
            return Finding("tokens", words, "take it out, or mend it")
    count = sum(bool(each) for each in lines)
    if not count:
        words = f"there is none in {tokens}: every call is refused"
        return Finding("tokens", words, "make one with `boxgauge token create`")
    mode = tokens.stat().st_mode & 0o777
    if mode & _OTHERS:
        words = f"{count} in {tokens}, which others than its owner may use (mode {mode:o})"
        return Finding("tokens", words, f"chmod 600 {tokens}", is_note=True)
    return Finding("tokens", f"{count} in {tokens}")
