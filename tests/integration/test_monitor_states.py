"""Whatever comes in whatever order: an exact monitor is pycocotools, a sketch contains it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from boxgauge.engine import Engine
from boxgauge.v1 import monitor_pb2, report_pb2
from tests.integration.monitor_world import (
    BEGIN,
    DAY,
    EXACT,
    HOUR,
    MINUTE,
    SKETCH,
    TRUTH,
    WINDOWS,
    Counted,
    Expected,
    Service,
    Side,
    edges,
    frames_of,
    scene_of,
)
from tests.integration.monitor_world import (
    settings as monitor_settings,
)
from tests.integration.scenes import pycocotools

KINDS = (EXACT, SKETCH)
MODELS = ("a", "b")
NAMES = [each.name for each in report_pb2.Statistics.DESCRIPTOR.fields]
# What time does between two frames: seconds, minutes, or long enough to move the windows.
STEPS = st.sampled_from([0, 20_000_000, MINUTE, 5 * MINUTE, HOUR, 7 * HOUR, DAY])
BOXES = st.tuples(
    st.sampled_from([1, 2, 3]),
    st.sampled_from([0.0, 10.0, 11.0]),
    st.sampled_from([0.0, 10.0]),
    st.sampled_from([20.0, 32.0, 100.0]),
    st.sampled_from([20.0, 30.0]),
)
TRUTHS = st.lists(BOXES, max_size=4).map(tuple)
PREDICTIONS = st.lists(
    st.builds(lambda box, score: (*box, score), BOXES, st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0])),
    max_size=6,
).map(tuple)
IMAGES = st.integers(1, 6)
OUTCOMES = {
    "changed": (1, 0),
    "same": (1, 1),
    "stale": (1, 1),
    "retracted_unknown": (1, 1),
    "conflict": (0, 0),
    "late": (0, 0),
}
# As many courses, of as many events; CONTRIBUTING.md says how to run more.
COURSES = int(os.environ.get("BOXGAUGE_COURSES") or 24)
EVENTS = 40


class Monitors(RuleBasedStateMachine):
    """Two monitors, one of each kind, that see the same."""

    engine: Engine
    graphs: Path

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.service = Service(self.engine, self.graphs, Path(self.folder.name) / "journal")
        self.expected = {kind: Expected(kind == EXACT) for kind in KINDS}
        self.sent: dict[tuple[str, int], Side] = {}
        self.now = BEGIN
        for kind in KINDS:
            self._create(kind)

    @rule(
        model=st.sampled_from(MODELS),
        image=IMAGES,
        records=PREDICTIONS,
        step=STEPS,
        back=st.sampled_from([0, 0, 0, MINUTE, 3 * HOUR, 29 * HOUR, 40 * HOUR]),
        camera=st.sampled_from(["", "north", "south", "east"]),
        ahead=st.sampled_from([0, 1, 1, 2]),
    )
    def predict(
        self,
        model: str,
        image: int,
        records: tuple[Any, ...],
        step: int,
        back: int,
        camera: str,
        ahead: int,
    ) -> None:
        # Nothing may be ahead of the service's clock.
        self.now = min(self.now + step, BEGIN + 8 * DAY)
        side = Side(self._next(model, image, ahead), records, False, self.now - back, camera)
        self._send(model, image, side)

    @rule(
        image=IMAGES,
        records=TRUTHS,
        source=st.sampled_from(["", "random", "reported"]),
        ahead=st.sampled_from([0, 1, 1, 2]),
    )
    def label(self, image: int, records: tuple[Any, ...], source: str, ahead: int) -> None:
        self._send(TRUTH, image, Side(self._next(TRUTH, image, ahead), records, source=source))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), back=st.sampled_from([0, 0, 1]))
    def send_again(self, data: st.DataObject, back: int) -> None:
        model, image = data.draw(st.sampled_from(sorted(self.sent)))
        side = self.sent[model, image]
        self._send(
            model, image, Side(**{**vars_of(side), "revision": max(side.revision - back, 0)})
        )

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def retract(self, data: st.DataObject) -> None:
        model, image = data.draw(st.sampled_from(sorted(self.sent)))
        side = self.sent[model, image]
        gone = Side(side.revision + 1, (), True, side.time_us, side.camera, side.source)
        self._send(model, image, gone)

    @rule()
    def tend(self) -> None:
        self.service.tend()
        for each in self.expected.values():
            each.expire()

    @rule()
    def restart(self) -> None:
        # Stopping writes a checkpoint, and forgets what is too old before it.
        self.service.stop()
        for each in self.expected.values():
            each.expire()
        self.service.start()

    @precondition(lambda self: len(self.sent) > 8)
    @rule(kind=st.sampled_from(KINDS))
    def reset(self, kind: str) -> None:
        self.service.call("ResetMonitor", monitor_pb2.ResetMonitorRequest(monitor=kind))
        self.expected[kind] = Expected(kind == EXACT)

    @precondition(lambda self: any(e.watermark for e in self.expected.values()))
    @rule(
        model=st.sampled_from(MODELS),
        window=st.sampled_from(sorted(WINDOWS)),
        name=st.sampled_from(["", "", "camera=north", "camera=__other__", "label_source=random"]),
    )
    def compare_with_pycocotools(self, model: str, window: str, name: str) -> None:
        for kind, expected in self.expected.items():
            self._check(kind, expected, model, window, name)

    @precondition(lambda self: self.expected[EXACT].watermark)
    @rule(window=st.sampled_from(sorted(WINDOWS)))
    def compare_the_models(self, window: str) -> None:
        expected = self.expected[EXACT]
        if not {name for name, _ in expected.sides} >= {*MODELS}:
            return
        request = monitor_pb2.CompareModelsRequest(
            monitor=EXACT, champion="a", challenger="b", window=window
        )
        comparison = self.service.call("CompareModels", request).comparison
        both = {each.image for each in expected.counted("b")}
        images = [
            each.image
            for each in expected.counted("a")
            if each.image in both
            and comparison.window.from_us <= each.predictions.time_us < comparison.window.until_us
        ]
        assert comparison.images == len(images)

    def teardown(self) -> None:
        if not hasattr(self, "service"):
            return
        try:
            for kind, expected in self.expected.items():
                for model in MODELS:
                    self._check(kind, expected, model, "all", "")
        finally:
            self.service.close()
            self.folder.cleanup()

    def _create(self, kind: str) -> None:
        request = monitor_pb2.CreateMonitorRequest(monitor=kind, settings=monitor_settings(kind))
        self.service.call("CreateMonitor", request)

    def _next(self, model: str, image: int, ahead: int) -> int:
        known = self.sent.get((model, image))
        return 0 if known is None else known.revision + ahead

    def _send(self, model: str, image: int, side: Side) -> None:
        for kind, expected in self.expected.items():
            answer = self.service.observe(kind, model, frames_of(model, image, side))
            outcome = expected.observe(model, image, side)
            found = (answer.accepted, answer.unchanged)
            assert found == OUTCOMES[outcome], (kind, outcome, answer)
        known = self.sent.get((model, image))
        if known is None or side.revision >= known.revision:
            self.sent[model, image] = side

    def _check(self, kind: str, expected: Expected, model: str, window: str, name: str) -> None:
        report = self._report(kind, expected, model, window, name)
        if report is None:
            return
        assert report.window.until_us == edges(expected.watermark)[3]
        if WINDOWS[window]:
            shortest = min(WINDOWS[window], report.window.until_us - edges(expected.watermark)[0])
            assert 0 <= report.window.from_us - (report.window.until_us - shortest) < DAY
        else:
            assert report.window.from_us == edges(expected.watermark)[0]
        counted = [
            each
            for each in expected.counted(model)
            if report.window.from_us <= each.predictions.time_us < report.window.until_us
            and (not name or name in slices_of(each))
        ]
        assert report.images == len(counted)
        if kind == EXACT:
            assert_exact(report, counted)
        elif len({each.image for each in counted}) == len(counted):
            assert_contained(report, counted)

    def _report(
        self, kind: str, expected: Expected, model: str, window: str, name: str
    ) -> report_pb2.Report | None:
        known = {name for name, _ in expected.sides} | set(expected.frozen)
        seen = {slice_ for each in self._everything(expected) for slice_ in each}
        if model not in known or (name and name not in seen):
            return None
        request = monitor_pb2.GetReportRequest(monitor=kind, model=model, window=window, slice=name)
        report: report_pb2.Report = self.service.call("GetReport", request).report
        return report

    @staticmethod
    def _everything(expected: Expected) -> Iterator[set[str]]:
        for model in MODELS:
            for each in expected.counted(model):
                yield slices_of(each)


def slices_of(each: Counted) -> set[str]:
    found = set()
    if each.predictions.folded:
        found.add(f"camera={each.predictions.folded}")
    if each.truth.source:
        found.add(f"label_source={each.truth.source}")
    return found


def vars_of(side: Side) -> dict[str, Any]:
    return {name: getattr(side, name) for name in Side.__dataclass_fields__}


def statistics(report: report_pb2.Report) -> list[float]:
    given = report.statistics
    return [getattr(given, each) if given.HasField(each) else -1.0 for each in NAMES]


def assert_exact(report: report_pb2.Report, counted: list[Counted]) -> None:
    expected = pycocotools(scene_of(counted)).statistics if counted else [-1.0] * len(NAMES)
    assert [each.hex() for each in statistics(report)] == [each.hex() for each in expected]
    assert not any(each.HasField("certified") for each in report.intervals)


def assert_contained(report: report_pb2.Report, counted: list[Counted]) -> None:
    expected = pycocotools(scene_of(counted)).statistics if counted else [-1.0] * len(NAMES)
    certified = {
        each.name: each.certified for each in report.intervals if each.HasField("certified")
    }
    for name, value, found in zip(NAMES, expected, statistics(report), strict=True):
        if name.startswith("ar_") or value < 0:
            assert found == value, name
        else:
            assert certified[name].low <= value <= certified[name].high, name
            assert certified[name].low <= found <= certified[name].high, name


def test_any_course_of_events_is_reported_as_pycocotools_would(
    engine: Engine, graphs_dir: Path
) -> None:
    machine = type("Machine", (Monitors,), {"engine": engine, "graphs": graphs_dir})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=COURSES,
            stateful_step_count=EVENTS,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            # A course of a real service is slow: shrinking one takes longer than reading it.
            phases=[Phase.explicit, Phase.generate],
        ),
    )
