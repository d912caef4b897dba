"""Finds what callers name of a monitor: models, windows, slices."""

from boxgauge.engine.online.windows import Window
from boxgauge.frames import FailedPreconditionError, InvalidInputError, NotFoundError
from boxgauge.server.monitor.state import MonitorState


class Lookups:
    """What one monitor has seen, by name.

    Args:
        state: Of the monitor.
    """

    def __init__(self, state: MonitorState) -> None:
        self._state = state

    @property
    def models(self) -> list[str]:
        """Names of the models seen, ascending."""
        return sorted(self._state.counts.predicted)

    @property
    def slices(self) -> list[str]:
        """Slices seen, ``key=value``, ascending."""
        return self._state.slicing.names

    def model(self, name: str) -> str:
        """Return the name of a model that was seen; empty: the only one.

        Raises:
            NotFoundError: It has not been seen, or the monitor was deleted.
            InvalidInputError: The name is empty though there are several.
            FailedPreconditionError: The name is empty and there is no model yet.
        """
        monitor = self._state.name
        if self._state.is_deleted:
            raise NotFoundError(f"monitor {monitor} was deleted", field="monitor", value=monitor)
        models = self.models
        if not name and not models:
            raise FailedPreconditionError(
                f"monitor {monitor} has seen no predictions yet", field="model"
            )
        if not name and len(models) > 1:
            raise InvalidInputError.at("model", "''", f"one of {', '.join(models)}")
        if name and name not in models:
            raise NotFoundError(
                f"monitor {monitor} has seen no model {name[:100]!r}", field="model", value=name
            )
        return name or models[0]

    def window(self, name: str) -> Window:
        """Return the window of this name; empty: the first one.

        Raises:
            InvalidInputError: The monitor has none of this name.
        """
        return self._state.definition.window(name)

    def slice(self, name: str) -> str:
        """Return the name of a slice that was seen; empty: all images.

        Raises:
            NotFoundError: It has not been seen.
        """
        if name and name not in self.slices:
            keys = ", ".join(each.key for each in self._state.definition.slices)
            raise NotFoundError(
                f"monitor {self._state.name} has seen no slice {name[:200]!r}: "
                + (
                    f"it slices by {keys}, as {keys.split(', ')[0]}=VALUE"
                    if keys
                    else "it has none"
                ),
                field="slice",
                value=name,
            )
        return name
