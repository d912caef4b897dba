"""The client of the service's operators: backups of its journal."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Unpack

from boxgauge.client.access import AccessOptions
from boxgauge.client.channels import CALL_TIMEOUT_S
from boxgauge.client.sync_channel import Client
from boxgauge.frames import DataLossError, InvalidInputError
from boxgauge.v1 import admin_pb2 as pb
from boxgauge.v1 import admin_pb2_grpc as rpc

_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole.

    Attributes:
        path: Where it is.
        size: Bytes of it.
        number: The last sequence number that is in it.
        digest: BLAKE2b of it, in hexadecimal digits.
    """

    path: Path
    size: int
    number: int
    digest: str


class AdminClient(Client):
    """Asks for what operators of a service need.

    Every method raises the `BoxGaugeError` that fits the service's status.
    """

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
        **access: Unpack[AccessOptions],
    ) -> None:
        super().__init__(target, timeout_s=timeout_s, **access)
        self._stub = rpc.AdminServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated

    def backup(self, path: Path) -> Backup:
        """Write the service's journal, as it is at one moment, to a new file.

        It comes under another name first, is verified, synchronised, and renamed then: a file of
        the name asked for is whole.

        Args:
            path: Of a file that does not exist yet.

        Raises:
            InvalidInputError: There is such a file already.
            DataLossError: What came is not what was sent.
            OSError: It cannot be written.
        """
        if path.exists():
            raise InvalidInputError.at("to", path, "a file that does not exist yet")
        self._check_open()
        unfinished = path.with_name(f"{path.name}.unfinished")
        call = self._stub.BackupJournal(pb.BackupJournalRequest(), metadata=self._metadata)
        try:
            with self._translated():
                made = _written(call, unfinished, path)
            # Unlike a renaming, this does not replace a file that has come meanwhile.
            os.link(unfinished, path)
        finally:
            call.cancel()
            unfinished.unlink(missing_ok=True)
        return made


def _written(messages: Iterable[pb.BackupJournalResponse], unfinished: Path, path: Path) -> Backup:
    made, size, number, told, found = blake2b(digest_size=_DIGEST_BYTES), 0, 0, 0, b""
    with unfinished.open("wb") as file:
        for message in messages:
            told, number = told or message.size_bytes, number or message.number
            file.write(message.part)
            made.update(message.part)
            size += len(message.part)
            found = message.digest
        file.flush()
        os.fsync(file.fileno())
    if size != told or found != made.digest():
        digest = "another digest than was sent" if found else "no digest"
        raise DataLossError(
            f"the backup is not whole: got {size} bytes of {told} and {digest}",
            field="to",
            value=path,
        )
    return Backup(path, size, number, found.hex())
