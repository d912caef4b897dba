"""The matching graph alone, as a server would run it for one message after the other."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    ModelRepository,
    find_graphs,
    match_images,
)
from boxgauge.engine.matching import MATCH
from boxgauge.frames import GroundTruths, Predictions


class _Recorder:
    """Stands in for the engine and keeps what the matching graph was given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.inputs: list[dict[str, NDArray[Any]]] = []

    def run(self, name: str, inputs: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run the graph."""
        if name == MATCH:
            self.inputs.append(inputs)
        return self._engine.run(name, inputs)


@cache
def open_engine() -> Engine:
    """Return the engine over the exported graphs, one thread a run."""
    folder = os.environ.get("BOXGAUGE_GRAPHS")
    return Engine.open(ModelRepository.open(find_graphs(Path(folder) if folder else None)))


def seconds_of_runs(frames: list[tuple[Predictions, GroundTruths]]) -> float:
    """Return the seconds that ONNX Runtime takes for one run an entry, and nothing else."""
    engine = open_engine()
    recorder: Any = _Recorder(engine)
    settings = EvaluationSettings()
    for predictions, ground_truths in frames:
        match_images(recorder, predictions, ground_truths, settings)
    seconds: list[float] = []
    engine.observe_run = lambda _name, _rows, elapsed: seconds.append(elapsed)
    for inputs in recorder.inputs:
        engine.run(MATCH, inputs)
    engine.observe_run = lambda _name, _rows, _seconds: None
    return sum(seconds)
