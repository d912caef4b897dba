"""The table of rules has every RPC that is served, and what is not in it is denied."""

import pytest
from google.protobuf.descriptor import FieldDescriptor

from boxgauge.server.security.rules import RULES, Reach
from boxgauge.server.security.scopes import Scope
from tests.server.calls import PREDICTIONS, Calls, predictions
from tests.server.conftest import Serve
from tests.server.security.conftest import TokensFile, bearer
from tests.server.security.rpcs import called, offered
from tests.server.security.test_scopes import MODEL


async def test_every_rpc_that_is_served_has_a_rule(calls: Calls) -> None:
    methods = await offered(calls.channel)
    assert len(methods) >= 20
    assert set(methods) <= set(RULES)
    assert set(RULES) == set(MODEL)


async def test_the_field_that_names_the_monitor_is_there(calls: Calls) -> None:
    methods = await offered(calls.channel)
    for name, method in methods.items():
        rule, fields = RULES[name], method.input_type.fields_by_name
        assert (rule.reach is Reach.NAMED) == ("monitor" in fields)
        if rule.reach is Reach.NAMED:
            assert fields[rule.field].type == FieldDescriptor.TYPE_STRING
        assert (rule.scope is None) == (rule.reach in (Reach.OPEN, Reach.VALID))


async def test_an_rpc_without_a_rule_is_denied_to_all(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods = await offered(calls.channel)
    name = "boxgauge.v1.MonitorService/ListMonitors"
    assert (await called(calls.channel, methods[name], ["a"], ())).code == "OK"
    monkeypatch.delitem(RULES, name)
    denied = await called(calls.channel, methods[name], ["a"], ())
    assert (denied.code, denied.details) == (
        "PERMISSION_DENIED",
        f"{name} is denied to all",
    )


async def test_what_changes_or_removes_a_monitor_is_administrative(calls: Calls) -> None:
    methods = await offered(calls.channel)
    words = ("Create", "Reset", "Delete", "Backup")
    changing = {name for name in methods if name.partition("/")[2].startswith(words)}
    assert changing == {name for name in methods if RULES[name].scope is Scope.ADMIN}
    assert changing == {name for name in methods if RULES[name].is_audited}


async def test_creating_again_shows_nothing_that_reading_would(
    serve: Serve, tokens: TokensFile
) -> None:
    admin, all_of_it = tokens.add("admin", "*"), tokens.add("admin,read,ingest", "*")
    async with serve(tokens=tokens.path) as (_, calls):
        calls.metadata = bearer(all_of_it)
        await calls.create("street")
        await calls.observe(predictions(PREDICTIONS), monitor="street")
        assert list((await calls.create("street")).models) == ["m"]
        calls.metadata = bearer(admin)
        shown = await calls.create("street")
    assert (shown.name, len(shown.settings.classes)) == ("street", 2)
    assert {field.name for field, _ in shown.ListFields()} == {"name", "settings"}
