"""The process that makes reports, as the settings ask for it."""

import logging
import time
from collections.abc import Callable

from boxgauge.engine import Engine, available_cores, find_graphs
from boxgauge.engine.engine import ObserveRun
from boxgauge.engine.online.warm_up import report_warm_up
from boxgauge.frames import UnavailableError
from boxgauge.server.reporting.helper import Helper
from boxgauge.server.reporting.spoken import Opening
from boxgauge.server.settings import Settings

_LOG = logging.getLogger(__name__)


def opened_helper(settings: Settings, ran: ObserveRun, ended: Callable[[], None]) -> Helper:
    """Return it; it starts with its first work.

    Raises:
        GraphError: There is no folder of graphs.
    """
    opening = Opening(
        graphs=find_graphs(settings.graphs).resolve(),
        providers=settings.providers,
        threads=settings.threads,
        workers=min(settings.workers, available_cores()),
        engine_cache=settings.engine_cache,
    )
    return Helper(opening, ran, ended)


def warmed_up(helper: Helper, engine: Engine) -> None:
    """Have each kind of report made once; one that fails then would fail later, and is logged."""
    started = time.perf_counter()
    try:
        # As work that may pause, so that none that is waited for has to wait for this.
        helper.run(report_warm_up(engine), lambda: None)
    except UnavailableError as error:
        _LOG.info("reports were not warmed up: %s", error)
        return
    except Exception:  # noqa: BLE001 (nobody else reads it)
        _LOG.exception("the process that makes reports is not warmed up")
        return
    _LOG.info("reports warmed up in %.2f s", time.perf_counter() - started)
