"""The journal of a service, opened as its settings say, with its recovery told and exported."""

import logging

from boxgauge.server.journal import Journal, Progress
from boxgauge.server.settings import PREFIX, Settings
from boxgauge.server.telemetry import Telemetry

_LOG = logging.getLogger(__name__)


async def opened_journal(settings: Settings, telemetry: Telemetry) -> Journal:
    """Return the open journal; how far its verification is is logged every other second.

    Raises:
        InvalidInputError: There can be no such file.
        FailedPreconditionError: Another process has it, it is of a later version, or it is no
            journal.
        DataLossError: What was acknowledged is gone, and the settings do not accept that.
        ResourceExhaustedError: There is no room for the copy that a repair or a migration makes.
    """
    if settings.ephemeral:
        _LOG.warning(
            "%sEPHEMERAL is on: nothing is kept on disk, and what is acknowledged, monitors and"
            " their frames, is gone with this process",
            PREFIX,
        )

    def tell(progress: Progress) -> None:
        telemetry.verified(progress.rows)
        _LOG.info("%s", progress_line(progress))

    journal = await Journal.open(
        None if settings.ephemeral else settings.journal,
        accept_loss=settings.accept_loss,
        on_progress=tell,
        on_commit=telemetry.workings.committed,
    )
    telemetry.journal(
        lambda: journal.file_bytes,
        lambda: journal.free_bytes,
        settings.max_journal_bytes,
        lambda: journal.is_writable,
    )
    telemetry.verified(journal.recovery.rows)
    telemetry.lost(journal.recovery.lost)
    if journal.recovery.lost:
        _LOG.warning(
            "the journal goes on without %d rows or numbers that were given up",
            journal.recovery.lost,
        )
    return journal


def progress_line(progress: Progress) -> str:
    """Return how far verification is, in words."""
    rate = progress.rows / progress.seconds if progress.seconds > 0 else 0.0
    left = max(0, progress.total - progress.rows)
    text = f"verified {progress.rows} rows of the journal, {rate:.0f} a second, {left} remain"
    return f"{text}, about {left / rate:.0f} s" if left and rate else text
