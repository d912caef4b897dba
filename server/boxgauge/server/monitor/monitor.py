"""One monitor: takes frames, joins the two sides, keeps a tally a model, reports."""

import asyncio
from collections.abc import Awaitable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from boxgauge.engine import Engine, EvaluationSettings, ObjectClass
from boxgauge.frames import (
    FailedPreconditionError,
    InvalidInputError,
    NotFoundError,
)
from boxgauge.server.monitor.intake import Intake, Observed
from boxgauge.server.monitor.join import Join, Model, Pair
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.matcher import Matcher
from boxgauge.server.monitor.reporter import Reporter
from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.monitor.sides import Arrivals
from boxgauge.server.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all monitors share."""

    engine: Engine
    executor: Executor
    ledger: Ledger
    telemetry: Telemetry
    max_models: int
    max_waiting: int
    report_turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))


class Monitor:
    """A task with its ground truth, and the models that are measured on it.

    Lives on the event loop: between two waits nothing else touches it.

    Attributes:
        version: Grows with every change.
        is_deleted: Nothing more may come.
    """

    def __init__(
        self,
        name: str,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        around: Surroundings,
    ) -> None:
        self.name = name
        self.classes = classes
        self.settings = settings
        self.version = 1
        self.is_deleted = False
        self._around = around
        self._join = Join()
        self._share = around.ledger.share()
        self._intake = Intake(
            self._join, classes, settings, self._share, max_models=around.max_models
        )
        self._matcher = Matcher(
            around.engine, settings, around.executor, max_waiting=around.max_waiting
        )
        self._reporter = Reporter(
            name,
            self._join,
            lambda: self.version,
            engine=around.engine,
            executor=around.executor,
            telemetry=around.telemetry,
            turn=around.report_turn,
        )
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[Observed]] = set()

    @property
    def models(self) -> list[str]:
        """Names of the models seen, ascending."""
        return sorted(self._join.models)

    @property
    def labelled_images(self) -> int:
        """Images with ground truth."""
        return len(self._join.labels)

    @property
    def held_boxes(self) -> int:
        """Boxes in memory, both sides, all models."""
        return self._share.boxes

    def observe(self, model_name: str, arrivals: Arrivals) -> Awaitable[Observed]:
        """Take the frames at once and return what became of them once it is reported on.

        The sides are stored when this returns; what is awaited is their match. The
        match goes on if nobody waits any more.

        Raises:
            InvalidInputError: There are predictions and the model's name is malformed.
        """
        observed = Observed()
        for refusal in arrivals.refused:
            observed.refuse(refusal)
        model, predicted = self._intake.predictions(model_name, arrivals.predictions, observed)
        labelled = self._intake.ground_truths(arrivals.ground_truths, observed)
        pairs = self._join.open_pairs(self._join.models.values(), labelled)
        if model is not None:
            known = {pair.image_id for pair in pairs if pair.model is model}
            pairs += self._join.open_pairs(
                [model], [each for each in predicted if each not in known]
            )
        self._around.telemetry.observed(observed.outcomes)
        if observed.accepted > observed.unchanged:
            self._bump()
        if pairs:
            task = asyncio.create_task(self._match(pairs, observed))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return task
        done: asyncio.Future[Observed] = asyncio.get_running_loop().create_future()
        done.set_result(observed)
        return done

    async def report(self, model_name: str = "") -> MonitorReport:
        """Return the report of one model over everything acknowledged until now.

        Args:
            model_name: May be empty where the monitor has seen exactly one.

        Raises:
            NotFoundError: The model has not been seen, or the monitor was deleted.
            InvalidInputError: The name is empty though there are several models.
            FailedPreconditionError: The name is empty and there is no model yet.
        """
        return await self._reporter.report(self._find(model_name))

    async def refresh(self) -> None:
        """Bring the reports of all models up to date."""
        for model in list(self._join.models.values()):
            await self._reporter.report(model)
        if not self.is_deleted:
            self._around.telemetry.refreshed(self.name, self.labelled_images)

    async def change_after(self, version: int) -> None:
        """Wait until the state is newer than ``version``."""
        while self.version <= version:
            await self._changed.wait()

    def reset(self) -> None:
        """Forget all images and models."""
        self._share.release()
        self._join.clear()
        self._reporter.forget()
        self._bump()

    def delete(self) -> None:
        """Forget everything and take no more."""
        self.is_deleted = True
        self.reset()

    async def settle(self) -> None:
        """Wait for the matches under way, failed ones too: their caller may have gone."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _match(self, pairs: list[Pair], observed: Observed) -> Observed:
        matches = await self._matcher.match(pairs)
        self._join.settle(pairs, matches)
        self._bump()
        return observed

    def _bump(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def _find(self, name: str) -> Model:
        models = self._join.models
        if self.is_deleted:
            raise NotFoundError(
                f"monitor {self.name} was deleted", field="monitor", value=self.name
            )
        if not name and not models:
            raise FailedPreconditionError(
                f"monitor {self.name} has seen no predictions yet", field="model"
            )
        if not name and len(models) > 1:
            raise InvalidInputError.at("model", "''", f"one of {', '.join(self.models)}")
        model = models.get(name) if name else next(iter(models.values()))
        if model is None:
            raise NotFoundError(
                f"monitor {self.name} has seen no model {name[:100]!r}", field="model", value=name
            )
        return model
