"""Opens the engine that the settings ask for."""

import logging
import time

from boxgauge.engine import Engine, ModelRepository, available_cores, find_graphs
from boxgauge.engine.online.warm_up import warm_up
from boxgauge.frames import ProviderError
from boxgauge.server.settings import Settings

_LOG = logging.getLogger(__name__)


def open_engine(settings: Settings) -> Engine:
    """Return the engine over the verified graphs, on the providers asked for.

    Raises:
        GraphError: Graphs are missing, corrupt or foreign.
        ProviderError: The first provider is required and was not obtained.
    """
    repository = ModelRepository.open(find_graphs(settings.graphs))
    engine = Engine.open(
        repository,
        providers=settings.providers,
        threads=settings.threads,
        workers=min(settings.workers, available_cores()),
        engine_cache=settings.engine_cache,
    )
    wanted = settings.providers[0]
    if engine.provider != wanted:
        found = f"provider {wanted} was asked for and {engine.provider} obtained"
        if settings.require_provider:
            raise ProviderError(found, field="providers", value=engine.provider)
        _LOG.warning("%s", found)
    if settings.warm_up:
        started = time.perf_counter()
        warm_up(engine)
        _LOG.info("warmed up in %.2f s", time.perf_counter() - started)
    return engine
