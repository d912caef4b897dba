"""Compares two models of a monitor on the images that both have: made beside the loop."""

from functools import partial

from boxgauge.engine import Engine
from boxgauge.engine.online.compared import PairedQuality
from boxgauge.engine.online.comparing import paired, shared
from boxgauge.engine.online.window_rows import WindowColumns
from boxgauge.engine.online.windows import Window
from boxgauge.frames import FailedPreconditionError
from boxgauge.server.monitor.contents import Content, content_of
from boxgauge.server.monitor.definition import Compared, Definition, TallyKind
from boxgauge.server.monitor.reports import MonitorComparison
from boxgauge.server.monitor.steps import model_store, pair_store
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings


class Comparer:
    """Makes comparisons of one monitor; none is kept.

    Args:
        monitor: Its name.
        definition: Its definition.
        stores: Its state.
        around: What all monitors share.
    """

    def __init__(
        self, monitor: str, definition: Definition, stores: Stores, around: Surroundings
    ) -> None:
        self._monitor = monitor
        self._definition = definition
        self._stores = stores
        self._around = around

    async def compare(
        self, pair: Compared, window: Window, slice_: str, *, is_urgent: bool = True
    ) -> MonitorComparison:
        """Return how two models differ on the images that both have.

        Args:
            pair: Which two.
            window: Of the images.
            slice_: Of the images, ``key=value``; empty: all.
            is_urgent: Somebody waits for it: it goes before what is only refreshed.

        Raises:
            FailedPreconditionError: The monitor does not compare them.
        """
        contents = self._contents(pair, window, slice_)
        work = partial(_paired, self._around.engine, *contents)
        async with self._around.turns.ticket(is_urgent=is_urgent) as ticket:
            found = await self._around.run_report(ticket, work)
        return MonitorComparison(
            self._monitor,
            pair.champion,
            pair.challenger,
            window,
            contents[0].span,
            slice_,
            found,
        )

    def _contents(self, asked: Compared, window: Window, slice_: str) -> tuple[Content, Content]:
        """Return what the two models have of the images that are compared, as asked for."""
        models = asked.champion, asked.challenger
        pairs = self._definition.comparisons
        pair = next((p for p in pairs if {p.champion, p.challenger} == {*models}), None)
        if pair is not None:
            keys = [pair_store(pair, model) for model in models]
        elif self._definition.tally is TallyKind.EXACT:
            # It knows its images: those that both models have are looked up.
            keys = [model_store(model) for model in models]
        else:
            listed = ", ".join(f"{p.champion} and {p.challenger}" for p in pairs)
            raise FailedPreconditionError(
                f"monitor {self._monitor} keeps counts and compares {listed or 'no models'}:"
                f" not {asked.champion} and {asked.challenger}",
                field="challenger",
                value=asked.challenger,
            )
        champion, challenger = (content_of(self._stores.store(key), window, slice_) for key in keys)
        return champion, challenger


def _paired(engine: Engine, champion: Content, challenger: Content) -> PairedQuality:
    """Return how two models' images differ; in another thread or process."""
    a, b = champion.rows(), challenger.rows()
    if isinstance(a, WindowColumns) and isinstance(b, WindowColumns):
        a, b = shared(a, b)
    return paired(engine, champion.classes, champion.settings, a, b)
