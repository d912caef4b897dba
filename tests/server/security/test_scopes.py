"""No right reaches beyond itself: every RPC of a real service, against a model of a few lines.

    BOXGAUGE_TOKEN_CASES=1000 pytest -s tests/server/security/test_scopes.py

tries more rights and calls than every run does, and says what they came to.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from grpc import aio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine
from boxgauge.server.app import App
from boxgauge.server.settings import read_settings
from tests.garbage import GARBAGE
from tests.server.calls import Calls
from tests.server.security.conftest import TokensFile, bearer
from tests.server.security.rpcs import Ended, called, offered

# Written down once more, and by hand: what each RPC asks for. "open" is for all, "known" for
# every valid token, "some" asks for the right to any monitor, "named" for that to the one named,
# "all" for that to whatever there may be.
Asks = tuple[Literal["open", "known", "some", "named", "all"], str]
MODEL: dict[str, Asks] = {
    "boxgauge.v1.MonitorService/CreateMonitor": ("named", "admin"),
    "boxgauge.v1.MonitorService/ListMonitors": ("some", "read"),
    "boxgauge.v1.MonitorService/ResetMonitor": ("named", "admin"),
    "boxgauge.v1.MonitorService/DeleteMonitor": ("named", "admin"),
    "boxgauge.v1.MonitorService/Observe": ("named", "ingest"),
    "boxgauge.v1.MonitorService/GetReport": ("named", "read"),
    "boxgauge.v1.MonitorService/WatchReport": ("named", "read"),
    "boxgauge.v1.MonitorService/CompareModels": ("named", "read"),
    "boxgauge.v1.MonitorService/ExportTallies": ("named", "read"),
    "boxgauge.v1.AdminService/BackupJournal": ("all", "admin"),
    "boxgauge.v1.EvaluationService/Evaluate": ("some", "read"),
    "inference.GRPCInferenceService/ServerLive": ("open", ""),
    "inference.GRPCInferenceService/ServerReady": ("open", ""),
    "inference.GRPCInferenceService/ServerMetadata": ("some", "read"),
    "inference.GRPCInferenceService/ModelReady": ("some", "read"),
    "inference.GRPCInferenceService/ModelMetadata": ("some", "read"),
    "inference.GRPCInferenceService/ModelConfig": ("some", "read"),
    "inference.GRPCInferenceService/ModelInfer": ("some", "read"),
    "inference.GRPCInferenceService/ModelStreamInfer": ("some", "read"),
    "grpc.health.v1.Health/Check": ("open", ""),
    "grpc.health.v1.Health/List": ("open", ""),
    "grpc.health.v1.Health/Watch": ("open", ""),
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": ("known", ""),
}
NAMES = ("a", "a/x", "a/y", "ab", "b", "b/x", "", "*", "a*")
MADE = frozenset({"a/x", "ab", "b"})
SCOPES = ("ingest", "read", "admin")
PATTERNS = ("*", "a", "a*", "a/*", "a/x", "ab", "b", "b/*", "c*")

CASES = int(os.environ.get("BOXGAUGE_TOKEN_CASES", "40"))

Rights = dict[str, list[str]]
RIGHTS = st.dictionaries(
    st.sampled_from(SCOPES),
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2),
    min_size=1,
    max_size=3,
)
# Whose token: the first, the second, a revoked one, a made up one, none.
WHO = st.sampled_from(["first", "second", "revoked", "made up", "nobody"])
CALLS = st.lists(
    st.tuples(
        WHO,
        st.sampled_from(sorted(MODEL)),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=3),
    ),
    min_size=4,
    max_size=16,
)


def covers(rights: Rights, scope: str, name: str) -> bool:
    patterns = rights.get(scope, [])
    return name in patterns or any(
        name[: len(each) - 1] == each[:-1] for each in patterns if each.endswith("*")
    )


class World:
    """A service with tokens, and what should be in it."""

    def __init__(self, app: App, tokens: TokensFile, channel: aio.Channel) -> None:
        self._app = app
        self._tokens = tokens
        self._channel = channel
        self._calls = Calls(channel)
        self._root = ""
        self._there: set[str] = set()
        self.called: Counter[str] = Counter()
        self.came_to: Counter[str] = Counter()

    @classmethod
    @asynccontextmanager
    async def made(cls, engine: Engine, folder: Path) -> AsyncIterator["World"]:
        tokens = TokensFile(folder / "tokens")
        asked = read_settings(
            port=0,
            metrics_port=0,
            drain_s=0,
            ephemeral=True,
            tokens=tokens.path,
            reload_interval_s=3600,
        )
        async with (
            App(asked, registry=CollectorRegistry(), engine=engine, garbage=GARBAGE) as app,
            aio.insecure_channel(app.address) as channel,
        ):
            yield cls(app, tokens, channel)

    async def holds(
        self, first: Rights, second: Rights, calls: Sequence[tuple[str, str, Sequence[str]]]
    ) -> None:
        """Check every call against the model."""
        self._tokens.path.write_text("")
        self._root = self._tokens.add("ingest,read,admin", "*")
        rights = {"first": first, "second": second}
        shown = {who: self._added(of) for who, of in rights.items()}
        shown["revoked"] = self._added(first)
        self._look()
        self._tokens.remove(shown["revoked"])
        self._look()
        shown["made up"] = shown["first"][:-1] + ("A" if shown["first"][-1] != "A" else "B")
        await self._remake()
        methods = await offered(self._channel, bearer(self._root))
        assert set(methods) <= set(MODEL), "an RPC that nobody has thought about"
        for who, method, names in calls:
            if method not in methods:  # not offered by this version
                continue
            metadata = bearer(shown[who]) if who in shown else ()
            ended = await called(self._channel, methods[method], names, metadata)
            sent = names if methods[method].client_streaming else names[:1]
            wanted = self._wanted(rights.get(who), method, sent)
            found = ended.code if ended.is_denied else "allowed"
            assert found == wanted, (who, rights.get(who), method, sent, ended)
            self.called[method] += 1
            self.came_to[found] += 1
            self._look_closer(rights.get(who, {}), method, sent, ended)

    def _look(self) -> None:
        """Let the service take over the tokens: once they are the same in two looks."""
        for _ in range(2):
            self._app.security.watcher.look()

    def _wanted(self, rights: Rights | None, method: str, names: Sequence[str]) -> str:
        kind, scope = MODEL[method]
        if kind == "open" or (kind == "known" and rights is not None):
            return "allowed"
        if rights is None:
            return "UNAUTHENTICATED"
        if scope not in rights or (kind == "all" and "*" not in rights[scope]):
            return "PERMISSION_DENIED"
        for name in names if kind == "named" else ():
            if not covers(rights, scope, name):
                return "PERMISSION_DENIED"
            if name not in self._there:
                break  # not found, which ends a stream
        return "allowed"

    def _look_closer(self, rights: Rights, method: str, names: Sequence[str], ended: Ended) -> None:
        scope = MODEL[method][1]
        if ended.code == "PERMISSION_DENIED" and scope in rights:
            # The same words whether it exists or not.
            is_whole = MODEL[method][0] == "all"
            name = "*" if is_whole else next(n for n in names if not covers(rights, scope, n))
            whole = {"": "any monitor", "*": "all monitors"}.get(name, f"monitor {name!r}")
            assert ended.details == f"the right {scope!r} to {whole} is needed"
        if ended.code != "OK":
            return
        if method.endswith("/ListMonitors"):
            listed = [each.name for each in ended.answer.monitors]
            assert listed == sorted(n for n in self._there if covers(rights, "read", n))
        if method.endswith("/DeleteMonitor"):
            self._there.remove(names[0])

    def _added(self, rights: Rights) -> str:
        """Return a token whose line says which monitors each of its rights extends to."""
        token = self._tokens.add("read", "placeholder")
        said = " ".join(f"{scope}={','.join(of)}" for scope, of in rights.items())
        text = self._tokens.path.read_text()
        self._tokens.path.write_text(text.replace("read=placeholder", said))
        return token

    async def _remake(self) -> None:
        self._calls.metadata = bearer(self._root)
        for name in MADE - self._there:
            await self._calls.create(name)
            self._there.add(name)


def test_no_right_reaches_beyond_itself(engine: Engine, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        making = World.made(engine, tmp_path)
        world = runner.run(making.__aenter__())

        @settings(deadline=None, max_examples=CASES, suppress_health_check=[HealthCheck.too_slow])
        @given(RIGHTS, RIGHTS, CALLS)
        def holds(first: Rights, second: Rights, calls: list[tuple[str, str, list[str]]]) -> None:
            runner.run(world.holds(first, second, calls))

        try:
            holds()
        finally:
            runner.run(making.__aexit__(None, None, None))
    came_to = ", ".join(f"{count:,} {each}" for each, count in world.came_to.most_common())
    print(f"\n{world.called.total():,} calls of {len(world.called)} RPCs: {came_to}")  # noqa: T201 (for who asks with -s)
    assert world.came_to.keys() == {"allowed", "PERMISSION_DENIED", "UNAUTHENTICATED"}
