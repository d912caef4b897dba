"""What a spoilt message, graph, manifest, journal or setting is put through, in this process."""

import asyncio
import hashlib
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from google.protobuf.message import Message
from mutations import BYTES, FLOATS, INTEGERS, TEXTS, monitor_settings, requests
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine, GraphSpec, ModelRepository, check_inputs
from boxgauge.engine.online.loss_graphs import LossGraphs
from boxgauge.frames import BoxGaugeError
from boxgauge.oip import inference_pb2 as oip
from boxgauge.server.journal import Journal
from boxgauge.server.monitor.book import check_size
from boxgauge.server.monitor.definition_bytes import definition_bytes, definition_of
from boxgauge.server.monitor.intake import Intake, Observed
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.names import check_name
from boxgauge.server.monitor.outcomes import Outcomes
from boxgauge.server.monitor.rows import unpack_ground_truths, unpack_predictions
from boxgauge.server.monitor.slicing import Slicing
from boxgauge.server.service.evaluation import Gathered
from boxgauge.server.service.inference import FAMILIES
from boxgauge.server.service.runner import check_cells
from boxgauge.server.service.status import status_of
from boxgauge.server.service.tensors import inputs_in, wanted_outputs
from boxgauge.server.settings import read_settings
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.wire.frames_in import arrivals, frame_count
from boxgauge.server.wire.monitor_wire import definition_in, definition_out
from boxgauge.server.wire.reports_out import refusal_out
from boxgauge.server.wire.settings_wire import classes_in, evaluation_in

NOW_US = 10**15 + 10
# What the documents say that a call may end with.
DOCUMENTED = frozenset(
    {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "FAILED_PRECONDITION",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
        "DATA_LOSS",
    }
)


class Messages:
    """Decodes and validates messages as the service does, up to where work would begin."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._definition = definition_in(monitor_settings())
        self._ledger = Ledger(10**6, 10**5)
        self._outcomes = Outcomes("cam", Telemetry(CollectorRegistry()))
        self.corpus = requests()
        infer = "/inference.GRPCInferenceService/ModelInfer"
        self.corpus[infer] = self.corpus[infer] + [
            infer_request(each)
            for each in engine.repository.graphs.values()
            if each.family in FAMILIES
        ]
        self.raw = [each.SerializeToString() for all_ in self.corpus.values() for each in all_]

    def put(self, method: str, message: Message) -> str:
        """Return the status that the message would be answered with.

        Raises:
            Exception: Whatever is no `BoxGaugeError`: a fault of ours.
        """
        name = method.rpartition("/")[2]
        try:
            target: Callable[[Any], None] = getattr(self, f"_{name}", self._named)
            target(message)
        except BoxGaugeError as error:
            status_of(error)  # and that can be told
            return error.status
        return "OK"

    def _Observe(self, message: Any) -> None:  # noqa: ANN401, N802 (named like the method)
        frame_count(message.frames)
        found = arrivals(message.frames)
        # New for each: slices that were seen must not make messages depend on those before.
        slicing = Slicing(self._definition.slices)
        share = self._ledger.share()
        intake = Intake(self._definition, slicing, share.take, self._outcomes, lambda: 10**15)
        observed = Observed()
        try:
            taken = intake.judge(message.model, found, observed, now_us=NOW_US)
        finally:
            share.release()
        for each in taken:
            unpack = unpack_predictions if each.model else unpack_ground_truths
            unpack((each.image_id,), [each.rows])
        for refusal in observed.refused:
            if refusal.error.status not in DOCUMENTED:
                raise refusal.error
            refusal_out(refusal).SerializeToString()

    def _Evaluate(self, message: Any) -> None:  # noqa: ANN401, N802
        check_size(classes_in(message.settings.classes), evaluation_in(message.settings.evaluation))
        gathered = Gathered(self._ledger.share())
        try:
            gathered.add(arrivals(message.frames))
        finally:
            gathered.share.release()

    def _CreateMonitor(self, message: Any) -> None:  # noqa: ANN401, N802
        check_name("monitor", message.monitor)
        definition = definition_in(message.settings)
        check_size(definition.classes, definition.settings)
        LossGraphs(self._engine, definition.losses)
        if definition_of(definition_bytes(definition)) != definition:
            raise AssertionError("a definition must come back from the journal as it was")
        if definition_in(definition_out(definition)) != definition:
            raise AssertionError("a definition must come back from the contract as it was")

    def _ModelInfer(self, message: Any) -> None:  # noqa: ANN401, N802
        spec = self._engine.graph(message.model_name, message.model_version)
        wanted_outputs(message, spec.outputs)
        inputs = inputs_in(message, spec.inputs)
        check_inputs(spec, inputs)
        check_cells(spec, inputs)

    _ModelStreamInfer = _ModelInfer

    def _named(self, message: Any) -> None:  # noqa: ANN401
        """Look up what most requests name; what they ask then is tried over the socket."""
        for field in ("monitor", "model", "champion", "challenger"):
            if hasattr(message, field):
                check_name(field, getattr(message, field))
        if hasattr(message, "window"):
            self._definition.window(message.window)
        if hasattr(message, "name"):
            self._engine.graph(message.name, message.version)


def infer_request(spec: GraphSpec) -> oip.ModelInferRequest:
    """Return a small request for a graph, raw."""
    datatypes = {
        "bool": "BOOL", "int8": "INT8", "uint8": "UINT8", "int32": "INT32", "int64": "INT64",
        "float32": "FP32", "float64": "FP64",
    }  # fmt: skip
    request = oip.ModelInferRequest(model_name=spec.name)
    for port in spec.inputs:
        shape = [each if isinstance(each, int) else 3 for each in port.shape]
        request.inputs.add(name=port.name, datatype=datatypes[port.dtype], shape=shape)
        request.raw_input_contents.append(np.ones(shape, port.dtype).tobytes())
    return request


class Files:
    """Opens spoilt files and settings; each kind of spoiling is one method."""

    def __init__(self, graphs: Path, journal: Path) -> None:
        self._graphs = graphs
        self._journal = journal.read_bytes()
        self._mark = journal.with_name(f"{journal.name}-mark").read_bytes()
        self._manifest = (graphs / "manifest.json").read_bytes()
        parsed = orjson.loads(self._manifest)
        small = sorted(parsed["graphs"], key=lambda each: (graphs / each["file"]).stat().st_size)
        self._small = {**parsed, "graphs": small[:1]}
        self._folder = Path(tempfile.mkdtemp(prefix="fuzz"))
        self._number = 0
        self.kinds: dict[str, Callable[[random.Random], None]] = {
            "manifest, bytes": self._manifest_bytes,
            "manifest, values": self._manifest_values,
            "graph, hash kept": self._graph,
            "graph, hash made to fit": self._graph_that_fits,
            "journal": self._spoilt_journal,
            "settings": self._settings,
        }

    def put(self, kind: str, chosen: random.Random) -> str:
        """Return the status of the error, or OK; any other exception is a fault of ours."""
        try:
            self.kinds[kind](chosen)
        except BoxGaugeError as error:
            return error.status
        return "OK"

    def close(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self._folder)

    def _manifest_bytes(self, chosen: random.Random) -> None:
        raw = self._manifest
        for _ in range(chosen.randint(1, 3)):
            raw = chosen.choice(BYTES)(raw, chosen)
        (self._folder / "manifest.json").write_bytes(raw)
        ModelRepository.open(self._folder)

    def _manifest_values(self, chosen: random.Random) -> None:
        parsed = orjson.loads(orjson.dumps(self._small))
        for _ in range(chosen.randint(1, 3)):
            _spoil_json(parsed, chosen)
        (self._folder / "manifest.json").write_bytes(orjson.dumps(parsed))
        repository = ModelRepository.open(self._folder)
        for spec in repository.graphs.values():
            repository.model(spec)

    def _graph(self, chosen: random.Random) -> None:
        self._open_graph(chosen, fits=False)

    def _graph_that_fits(self, chosen: random.Random) -> None:
        self._open_graph(chosen, fits=True)

    def _open_graph(self, chosen: random.Random, *, fits: bool) -> None:
        entry = dict(self._small["graphs"][0])
        raw = (self._graphs / entry["file"]).read_bytes()
        spoilt = chosen.choice(BYTES)(raw, chosen)
        if fits:
            entry["sha256"] = hashlib.sha256(spoilt).hexdigest()
        path = self._folder / entry["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(spoilt)
        manifest = {**self._small, "graphs": [entry]}
        (self._folder / "manifest.json").write_bytes(orjson.dumps(manifest))
        Engine.open(ModelRepository.open(self._folder))

    def _spoilt_journal(self, chosen: random.Random) -> None:
        raw = self._journal
        for _ in range(chosen.randint(1, 3)):
            how = chosen.choice((*BYTES, _spoil_page, _spoil_page))
            raw = how(raw, chosen)
        self._number += 1
        path = self._folder / f"journal-{self._number}"
        path.write_bytes(raw)
        Path(f"{path}-mark").write_bytes(self._mark)
        try:
            asyncio.run(_read_journal(path))
        finally:
            for each in self._folder.glob(f"{path.name}*"):
                each.unlink()

    def _settings(self, chosen: random.Random) -> None:
        names = list(read_settings().model_dump())
        values = (*TEXTS, *map(str, INTEGERS), *map(str, FLOATS), "cpu,cuda", "true", "[1]", "{}")
        given = {
            f"BOXGAUGE_{chosen.choice(names).upper()}": chosen.choice(values).replace("\0", "\1")
            for _ in range(chosen.randint(1, 3))
        }
        os.environ.update(given)
        try:
            read_settings()
        finally:
            for name in given:
                del os.environ[name]


async def _read_journal(path: Path) -> None:
    journal = await Journal.open(path, wait_s=0.1)
    try:
        for each in await journal.monitors():
            definition_of(each.definition)
            async for _ in journal.changes_after(each.id, 0):
                pass
            async for _ in journal.current(each.id):
                pass
    finally:
        await journal.close()


def _spoil_page(raw: bytes, chosen: random.Random) -> bytes:
    """Spoil a byte among the first of a page, which say what is in it."""
    spoilt = bytearray(raw)
    page = chosen.randrange(max(1, len(raw) // 4096)) * 4096
    for _ in range(chosen.randint(1, 4)):
        at = min(page + chosen.choice((chosen.randrange(16), chosen.randrange(4096))), len(raw) - 1)
        spoilt[at] = chosen.randrange(256)
    return bytes(spoilt)


def _spoil_json(value: Any, chosen: random.Random) -> None:  # noqa: ANN401 (whatever JSON holds)
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = chosen.choice(keys)
        if not isinstance(value[key], dict | list) or chosen.random() < 0.3:
            break
        value = value[key]
    strange = (None, True, -1, 0, 2**63 - 1, 1.5, "", "..", "../../x", "/etc/passwd", [], {}, [[]])
    if chosen.random() < 0.2:
        del value[key]
    else:
        value[key] = chosen.choice(strange)


async def make_journal(path: Path) -> None:
    """Write a small journal with two monitors and both sides of some images."""
    definition = definition_in(monitor_settings())
    messages = requests()["/boxgauge.v1.MonitorService/Observe"]
    outcomes = Outcomes("cam", Telemetry(CollectorRegistry()))
    slicing = Slicing(definition.slices)
    intake = Intake(definition, slicing, lambda _boxes, _images: None, outcomes, lambda: 10**15)
    journal = await Journal.open(path)
    for name in ("cam", "plain"):
        key = await journal.create(name, definition_bytes(definition))
        for each in messages:
            frames = intake.judge("m", arrivals(each.frames), Observed(), now_us=NOW_US)  # type: ignore[attr-defined]
            await journal.take(key, frames, max_models=4)
    await journal.close()
