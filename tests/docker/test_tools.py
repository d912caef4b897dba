"""What a test that needs a command does without it."""

import pytest

from tests.tools import require_tool


def test_a_command_beside_this_python_is_found() -> None:
    assert require_tool("python")


def test_a_missing_command_skips_and_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOXGAUGE_REQUIRE_TOOLS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-command"):
        require_tool("no-such-command")


def test_a_missing_command_fails_where_tools_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXGAUGE_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-command"):
        require_tool("no-such-command")
