"""What an error of the journal's file means: no room for now, a disk that failed, or damage."""

import logging
import sqlite3

from boxgauge.frames import (
    BoxGaugeError,
    DataLossError,
    ResourceExhaustedError,
    UnavailableError,
)

_LOG = logging.getLogger(__name__)
# A write that was not done: nothing was kept, and the next one may be. SQLite says FULL of
# ENOSPC, and IOERR_WRITE of a quota and of a bound on files.
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
# What was written may or may not be on disk: a system tells that once, and says later that all
# is well, though it has dropped the pages that it could not write.
_UNSYNCED = frozenset(
    {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC, sqlite3.SQLITE_IOERR_CLOSE}
)


def is_no_room(error: BaseException) -> bool:
    """Say whether the file system took no more, which may pass."""
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode in _NO_ROOM


def is_unsynced(error: BaseException) -> bool:
    """Say whether it is unknown what is on disk, until the file is opened again."""
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode in _UNSYNCED


def shown(error: Exception) -> Exception:
    """Return the error as a caller may see it."""
    if is_no_room(error):
        return no_room(error)
    if is_unsynced(error):
        return unsynced(error)
    if isinstance(error, sqlite3.OperationalError):
        return UnavailableError(f"the journal cannot be written: {error}", field="journal")
    if isinstance(error, sqlite3.DatabaseError):
        return DataLossError(f"the journal cannot be read: {error}", field="journal")
    if not isinstance(error, BoxGaugeError):
        _LOG.error("a job of the journal failed", exc_info=error)
    return error


def no_room(error: Exception) -> ResourceExhaustedError:
    """Return the error for what was not written, as there was no room for it."""
    return ResourceExhaustedError(
        f"the file system of the journal takes no more ({error}): frames are refused, and"
        " taken again as soon as there is room; free space there, or raise its quota",
        field="journal",
        value=str(error),
    )


def unsynced(error: Exception) -> UnavailableError:
    """Return the error for everything that is asked for once a synchronisation has failed."""
    return UnavailableError(
        f"the journal could not be synchronised to its disk ({error}): nothing is taken any more"
        " until the service is started again; see to the disk first",
        field="journal",
        value=str(error),
    )
